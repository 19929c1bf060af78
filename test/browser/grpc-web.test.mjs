// The grpc-web client of the grpc project in a real browser, calling the example without a proxy in between. Outside `npm test` since it
// needs Chromium:
//
//     npm run build && npm run browser
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { skip } from './chromium.mjs';
import { useGateway } from './gateway-pages.mjs';

const client = readFileSync(new URL('index.esm.js', import.meta.resolve('grpc-web')));
const library = 'example.library.v1.Library';
let page;

useGateway(['--demo'], async ({ browser, url }) => {
  page = await browser.newPage();
  // A page of the gateway's own origin, and the client beside it.
  await page.route('**/grpc-web.js', (route) => route.fulfill({ contentType: 'text/javascript', body: client }));
  await page.goto(`${url}/healthz`);
});

/** Calls a method whose request has text in its fields, by field number; replies are given as text of their bytes. */
function call(format, method, fields) {
  return page.evaluate(
    async ({ format, method, fields }) => {
      const { GrpcWebClientBase, MethodDescriptor, MethodType } = await import(`${location.origin}/grpc-web.js`);
      const request = Object.entries(fields).flatMap(([number, value]) => {
        if (typeof value === 'number') return [number * 8, value];
        const bytes = new TextEncoder().encode(value);
        return [number * 8 + 2, bytes.length, ...bytes];
      });
      const descriptor = new MethodDescriptor(
        `/${method}`,
        MethodType.SERVER_STREAMING,
        Object,
        Object,
        () => new Uint8Array(request),
        (bytes) => new TextDecoder().decode(bytes),
      );
      const stream = new GrpcWebClientBase({ format }).serverStreaming(
        `${location.origin}/${method}`,
        {},
        {},
        descriptor,
      );
      const replies = [];
      return await new Promise((resolve) => {
        stream.on('data', (reply) => replies.push(reply));
        stream.on('error', ({ code, message }) => resolve({ replies, code, message }));
        stream.on('end', () => resolve({ replies, code: 0 }));
      });
    },
    { format, method, fields },
  );
}

for (const format of ['text', 'binary']) {
  test(`${format}: one reply`, { skip }, async () => {
    const { replies, code } = await call(format, 'example.Greeter/SayHello', { 1: 'Wörld' });
    assert.deepEqual([replies, code], [['\n\fHello Wörld'], 0]);
  });

  test(`${format}: an error`, { skip }, async () => {
    const outcome = await call(format, `${library}/GetShelf`, { 1: 'shelves/none' });
    assert.deepEqual(outcome, { replies: [], code: 5, message: 'Shelf "shelves/none" does not exist' });
  });

  test(`${format}: a stream`, { skip }, async () => {
    const { replies, code } = await call(format, `${library}/StreamBooks`, { 1: 'shelves/fiction' });
    assert.ok(replies.length > 1);
    assert.equal(code, 0);
  });

  test(`${format}: an error in mid-stream`, { skip }, async () => {
    const { replies, code, message } = await call(format, `${library}/StreamBooks`, { 1: 'shelves/fiction', 3: 1 });
    assert.deepEqual([replies.length, code, message], [1, 13, 'failed after 1 books, as asked for']);
  });

  test(`${format}: a method that nothing has`, { skip }, async () => {
    const { code } = await call(format, 'example.Greeter/Wave', {});
    assert.equal(code, 12);
  });
}
