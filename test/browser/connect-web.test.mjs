// The web client of Connect in a real browser, by Connect and by gRPC-Web, calling the example without a proxy in between. Outside `npm test` since
// it needs Chromium:
//
//     npm run build && npm run browser
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadSchema } from '../../dist/schema/load-schema.js';
import { lengthDelimited } from '../../dist/wire/fragment.js';
import { skip } from './chromium.mjs';
import { useGateway } from './gateway-pages.mjs';

const library = 'example.library.v1.Library';
/** Where each package's modules are, as it exports them. */
const packages = new Map(
  ['@connectrpc/connect-web', '@connectrpc/connect', '@bufbuild/protobuf'].map((name) => {
    const entry = fileURLToPath(import.meta.resolve(name));
    return [name, entry.slice(0, entry.lastIndexOf(join('dist', 'esm')))];
  }),
);
const subpaths = {
  '@connectrpc/connect': ['protocol', 'protocol-connect', 'protocol-grpc-web'],
  '@bufbuild/protobuf': ['wkt', 'wire', 'reflect', 'codegenv2'],
};

function importMap() {
  const imports = {};
  for (const [name] of packages) {
    imports[name] = `/modules/${name}/dist/esm/index.js`;
    for (const path of subpaths[name] ?? []) imports[`${name}/${path}`] = `/modules/${name}/dist/esm/${path}/index.js`;
  }
  return JSON.stringify({ imports });
}

/** The example's files, imports first, as a FileDescriptorSet. */
async function descriptorSet() {
  const { schema } = await loadSchema({ protos: ['protos/example'] });
  const ordered = new Set();
  const add = (file) => {
    for (const imported of file.imports) add(imported);
    ordered.add(file);
  };
  for (const file of schema.files.values()) add(file);
  return Buffer.concat([...ordered].map((file) => lengthDelimited(1, file.toBytes())));
}

let page;

useGateway(['--demo'], async ({ browser, url }) => {
  page = await browser.newPage();
  const set = await descriptorSet();
  const html = `<!doctype html><script type="importmap">${importMap()}</script>`;
  await page.route('**/client.html', (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.route('**/example.binpb', (route) => route.fulfill({ body: set }));
  await page.route('**/modules/**', (route) => {
    const path = new URL(route.request().url()).pathname.slice('/modules/'.length);
    const name = path.split('/').slice(0, 2).join('/');
    const file = join(packages.get(name) ?? dirname('.'), path.slice(name.length + 1));
    return route.fulfill({ contentType: 'text/javascript', body: readFileSync(file) });
  });
  await page.goto(`${url}/client.html`);
});

/** Calls a method of the library; replies as JSON, an error by its code. */
function call(transport, method, request) {
  return page.evaluate(
    async ({ transport, library, method, request }) => {
      const { createClient } = await import('@connectrpc/connect');
      const web = await import('@connectrpc/connect-web');
      const { createFileRegistry, fromBinary, fromJson, toJson } = await import('@bufbuild/protobuf');
      const { FileDescriptorSetSchema } = await import('@bufbuild/protobuf/wkt');
      const set = new Uint8Array(await (await fetch('/example.binpb')).arrayBuffer());
      const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
      const service = registry.getService(library);
      const descriptor = service.method[method];
      const baseUrl = location.origin;
      const transports = {
        'gRPC-Web': () => web.createGrpcWebTransport({ baseUrl }),
        'Connect, JSON': () => web.createConnectTransport({ baseUrl }),
        'Connect, protobuf, GET': () =>
          web.createConnectTransport({ baseUrl, useBinaryFormat: true, useHttpGet: true }),
      };
      const client = createClient(service, transports[transport]());
      const replies = [];
      try {
        const called = client[method](fromJson(descriptor.input, request));
        if (descriptor.methodKind === 'unary') replies.push(await called);
        else for await (const reply of called) replies.push(reply);
        return { replies: replies.map((reply) => toJson(descriptor.output, reply, { registry })) };
      } catch (error) {
        return { replies: replies.length, code: error.code, message: error.rawMessage };
      }
    },
    { transport, library, method, request },
  );
}

for (const transport of ['gRPC-Web', 'Connect, JSON', 'Connect, protobuf, GET']) {
  test(`${transport}: one reply`, { skip }, async () => {
    const { replies, message } = await call(transport, 'getShelf', { name: 'shelves/fiction' });
    assert.deepEqual([replies?.[0]?.theme, message], ['Novels and stories', undefined]);
  });

  test(`${transport}: an error`, { skip }, async () => {
    const outcome = await call(transport, 'getShelf', { name: 'shelves/none' });
    assert.deepEqual(outcome, { replies: 0, code: 5, message: 'Shelf "shelves/none" does not exist' });
  });

  test(`${transport}: a stream, and an error in the middle of it`, { skip }, async () => {
    const { replies } = await call(transport, 'streamBooks', { parent: 'shelves/fiction' });
    assert.ok(replies.length > 1);
    const failed = await call(transport, 'streamBooks', { parent: 'shelves/fiction', failAfter: 1 });
    assert.deepEqual(failed, { replies: 1, code: 13, message: 'failed after 1 books, as asked for' });
  });
}
