// Comments of protos, texts of requests, replies and errors that would be script where a page took them for markup: none runs, and no
// policy has to stop one. On /docs, on the index of a large API, and on /compare.
//
//     npm run build && node --test test/browser/hostile.test.mjs
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { startTandem } from '../../scripts/start-process.mjs';
import { launch, skip } from './chromium.mjs';
import { payloads } from './xss-payloads.mjs';

/** So many payloads come in one text of an error or reply; more would not fit into the head of an answer. */
const AT_ONCE = 25;
const groups = Array.from({ length: payloads.length / AT_ONCE }, (_, index) => index);
const textOf = (group) => payloads.slice(group * AT_ONCE, (group + 1) * AT_ONCE).join(' ');

const comment = (text) => text.replace(/^/gm, '// ');

/** A service whose every part has payloads in its comment. With each of them on a method it is a large API. */
function hostileProto(isLarge) {
  const rule = (path) => `{ option (google.api.http) = { get: "${path}" }; }`;
  const many = payloads.map(
    (text, index) => `${comment(text)}\nrpc Call${index}(Nothing) returns (Nothing) ${rule(`/v1/call${index}`)}`,
  );
  return `syntax = "proto3"; package hostile.v1; import "google/api/annotations.proto";
    ${comment(textOf(0))}
    service Hostile {
      ${comment(payloads.join('\n'))}
      rpc Say(Request) returns (Reply) ${rule('/v1/say/{group}')}
      ${comment(payloads.join('\n\n'))}
      rpc Fail(Request) returns (Reply) ${rule('/v1/fail/{group}')}
      ${isLarge ? many.join('\n') : ''}
    }
    ${comment(textOf(1))}
    message Request {
      int32 group = 1;
      string note = 2;
      Kind kind = 3;
      ${groups.map((group) => `${comment(textOf(group))}\nstring field${group} = ${group + 10};`).join('\n')}
    }
    message Nothing {}
    ${comment(textOf(2))}
    message Reply {
      ${comment(textOf(3))}
      string text = 1;
      ${comment(textOf(4))}
      map<string, string> texts = 2;
    }
    ${comment(textOf(5))}
    enum Kind {
      constructor = 0;
      ${payloads.map((text, index) => `${comment(text)}\nKIND_${index} = ${index + 1};`).join('\n')}
    }`;
}

const statuses = protobuf.parse(`syntax = "proto3"; package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }`).root;

/** An upstream that says the payloads: as a reply, and as an error with details and metadata. */
async function startUpstream(proto) {
  const { root } = protobuf.parse(proto);
  const [Request, Reply] = ['hostile.v1.Request', 'hostile.v1.Reply'].map((name) => root.lookupType(name));
  const [Status, ErrorInfo] = ['google.rpc.Status', 'google.rpc.ErrorInfo'].map((name) => statuses.lookupType(name));
  const method = (name) => ({
    path: `/hostile.v1.Hostile/${name}`,
    requestStream: false,
    responseStream: false,
    requestDeserialize: (bytes) => Request.decode(bytes),
    responseSerialize: (reply) => Buffer.from(Reply.encode(reply).finish()),
    requestSerialize: undefined,
    responseDeserialize: undefined,
  });
  const failure = (group) => {
    const text = textOf(group);
    const info = ErrorInfo.encode({ reason: text, domain: text, metadata: { [text]: text } }).finish();
    const details = [{ typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: info }];
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from(Status.encode({ code: 3, message: text, details }).finish()));
    return { code: 3, details: text, metadata };
  };
  const server = new Server();
  server.addService(
    { Say: method('Say'), Fail: method('Fail') },
    {
      Say: ({ request }, answer) =>
        answer(null, { text: textOf(request.group), texts: { [textOf(request.group)]: textOf(request.group) } }),
      Fail: ({ request }, answer) => answer(failure(request.group)),
    },
  );
  const port = await new Promise((resolve, reject) => {
    const done = (error, bound) => (error === null ? resolve(bound) : reject(error));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
  });
  return { target: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

let folder;
let upstream;
let small;
let large;
let browser;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'tandem-hostile-'));
  const files = [false, true].map((isLarge) => {
    const file = join(folder, `${isLarge ? 'large' : 'small'}.proto`);
    writeFileSync(file, hostileProto(isLarge));
    return file;
  });
  upstream = await startUpstream(hostileProto(false));
  [small, large] = await Promise.all(
    files.map((file) => startTandem(['--proto', file, '--upstream', upstream.target], { timeoutMs: 60_000 })),
  );
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await Promise.all([small?.stop(), large?.stop()]);
  upstream?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

/** A page in which every script that runs, and every policy that has stopped one, is known. */
async function openWatched(url, options = {}) {
  const page = await browser.newPage(options);
  const seen = [];
  await page.exposeFunction('hit', () => seen.push('a script has run'));
  await page.exposeFunction('reported', (what) => seen.push(`stopped: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
      globalThis.reported(`${violatedDirective} ${blockedURI} ${sample}`),
    );
  });
  page.on('dialog', (dialog) => {
    seen.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => seen.push(error.message));
  page.on('console', (message) => {
    if (/security policy/i.test(message.text())) seen.push(message.text());
  });
  page.on('framenavigated', (frame) => {
    if (frame !== page.mainFrame()) seen.push(`a frame: ${frame.url()}`);
  });
  await page.goto(url);
  return { page, seen };
}

/** Opens every operation that Swagger UI shows, and the schemas. */
async function openAll(page, count) {
  await page
    .locator('.opblock')
    .nth(count - 1)
    .waitFor();
  await page.evaluate(() => {
    for (const control of document.querySelectorAll('.opblock:not(.is-open) .opblock-summary-control')) control.click();
  });
  await page.waitForFunction((all) => document.querySelectorAll('.opblock.is-open').length === all, count);
  for (const control of await page.locator('.models .json-schema-2020-12-expand-deep-button').all()) {
    await control.click();
  }
}

test('the watch sees what a page would let run', { skip }, async () => {
  const { page, seen } = await openWatched(`${small.url}/compare`);
  await page.evaluate(() => {
    document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=hit()>');
  });
  await page.waitForFunction(() => document.images.length === 1 && document.images[0].complete);
  await page.evaluate(() => globalThis.hit());
  assert.ok(
    seen.some((what) => /^stopped: script-src-attr|^stopped: script-src/.test(what)),
    String(seen),
  );
  assert.ok(seen.includes('a script has run'), String(seen));
});

test('/docs: comments in one page of Swagger UI, and an error of a call tried there', { skip }, async () => {
  const { page, seen } = await openWatched(`${small.url}/docs`);
  await openAll(page, 2);
  const block = page.locator('.opblock', { has: page.locator('[data-path="/v1/fail/{group}"]') });
  const tryItOut = block.locator('.try-out__btn');
  if (!(await tryItOut.getAttribute('class'))?.includes('cancel')) await tryItOut.click();
  for (const group of groups) {
    await block.locator('tr[data-param-name="group"] input').fill(String(group));
    const answered = page.waitForResponse(({ url }) => new URL(url()).pathname === `/v1/fail/${group}`).catch(() => {});
    await block.locator('button.execute').click();
    await answered;
    await block.locator('.live-responses-table .response').first().waitFor();
  }
  assert.deepEqual(seen, []);
});

test('the index of a large API, and the page of a service', { skip }, async () => {
  const { page, seen } = await openWatched(`${large.url}/docs`);
  await page.getByRole('searchbox').fill('/v1/call');
  while (await page.getByRole('button', { name: 'Show more' }).isVisible()) {
    await page.getByRole('button', { name: 'Show more' }).click();
  }
  assert.equal(await page.locator('#results li').count(), payloads.length);
  await page.getByRole('searchbox').fill('<img src=x onerror=hit()>');
  assert.ok((await page.locator('#results li').count()) > 0);
  // Swagger UI draws what can be seen.
  const viewport = { width: 1200, height: 20_000 };
  const service = await openWatched(`${large.url}/docs/hostile.v1.Hostile`, { viewport });
  await service.page
    .locator('.opblock')
    .nth(payloads.length + 1)
    .waitFor();
  assert.deepEqual([...seen, ...service.seen], []);
});

test('/compare: comments, a request, replies and errors', { skip }, async () => {
  const { page, seen } = await openWatched(`${large.url}/compare`);
  await page.locator('#form .field').first().waitFor();
  for (const name of ['<img src=x onerror=hit()>', 'Hostile.Say?message={"note":']) {
    const other = await openWatched(`${large.url}/compare#${name}`);
    await other.page.locator('#about:not(:empty)').waitFor();
    seen.push(...other.seen);
    await other.page.close();
  }
  for (const group of groups) {
    for (const method of ['Say', 'Fail']) {
      const message = JSON.stringify({ group, note: textOf(group), kind: 'KIND_3' });
      await page.goto(
        `${large.url}/compare?${group}${method}#Hostile.${method}?message=${encodeURIComponent(message)}`,
      );
      await page.locator('#form .field').first().waitFor();
      await page.getByRole('button', { name: 'Call it' }).click();
      await page.getByText('From this browser, by fetch').first().waitFor();
      await page.evaluate(() => {
        for (const part of document.querySelectorAll('details')) part.open = true;
      });
    }
  }
  await page.getByRole('combobox', { name: 'Method' }).fill('onerror');
  await page.getByRole('option').first().waitFor();
  await page.getByRole('tab', { name: 'Code' }).click();
  await page.getByText('ways to make this call.').waitFor();
  assert.deepEqual(seen, []);
});
