/**
 * Any bytes as path, query, headers or body: a clear 4xx or a right 2xx, never a 500, a hang, a crash or a changed prototype.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { httpStatusOf } from '../../src/status/code.ts';
import { type RawReply, type RawRequest, sendBytes, sendRaw } from '../integration/send-raw.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

let upstream: ScriptedUpstream;
let server: RunningServer;
before(async () => {
  upstream = await startScriptedUpstream();
  const protos = ['test/protos/workshop'];
  server = await startServer({
    protos,
    upstreams: [upstream.target],
    listen: { port: 0 },
    limits: { bodyBytes: '4KiB' },
  });
  for (const { path, input, output } of server.gateway.generation.schema.methods.values()) {
    upstream.script(path, ({ messages }) => ({ messages: input === output ? messages : [new Uint8Array()] }));
  }
});
after(async () => {
  await server.close();
  await upstream.close();
});

/** HTTP statuses of an error that say something else than its code. */
const ownStatuses: ReadonlySet<number> = new Set([404, 405, 406, 408, 412, 413, 414, 415, 416, 426, 431]);

function checkReply({ status, headers, body, isCut }: RawReply): void {
  const text = body.toString();
  // 504: the timeout that the client asked for was over.
  assert.ok((status >= 200 && status < 300) || (status >= 400 && status < 500) || status === 504, `${status} ${text}`);
  assert.equal(isCut, false);
  assert.deepEqual([Object.keys(Object.prototype), Reflect.get({}, 'polluted')], [[], undefined]);
  if (status < 400 || text === '') return;
  assert.equal(headers['content-type'], 'application/json');
  const error = JSON.parse(text);
  assert.deepEqual(Object.keys(error), ['code', 'message', 'details']);
  assert.ok(error.message !== '');
  assert.ok(httpStatusOf(error.code) === status || ownStatuses.has(status), `${status} ${text}`);
}

/** Bytes as the text that `sendRaw` writes byte for byte, without those that end a line. */
const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((array) =>
    Buffer.from(array)
      .toString('latin1')
      .replace(/[\r\n]/g, ''),
  );
const fragments = (...pieces: readonly string[]): fc.Arbitrary<string> =>
  fc.array(fc.oneof(fc.constantFrom(...pieces), bytes(4)), { maxLength: 12 }).map((parts) => parts.join(''));

const path = fragments(
  '/',
  '/v1',
  '/tools',
  '/plain/',
  '/boxes/',
  '/all',
  ':',
  ':sharpen',
  '%',
  '%2F',
  '%c3',
  '%00',
  '..',
  '/v1/bench/int64/',
  '/v1/bench/bytes/',
  '-1',
  '#',
  '\\',
  '@',
);
const query = fragments(
  'fInt32',
  'part',
  '.',
  '=',
  '&',
  '[',
  ']',
  'counts',
  '__proto__',
  'constructor',
  'polluted',
  '%',
  '+',
  '$alt',
  'sse',
  'at',
  'wInt64',
  'rString',
  'inner',
  'byName',
  'struct',
  '1e999',
);
const json = fragments(
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  '\\u',
  'd800',
  '"fInt64"',
  '"part"',
  '"__proto__"',
  '"polluted"',
  '"any"',
  '"@type"',
  '"value"',
  '"struct"',
  '"at"',
  '"counts"',
  '1',
  '-',
  'e',
  'null',
  'true',
  ' ',
);
const headerName = fc.constantFrom(
  'x-a',
  'x-a-bin',
  'content-type',
  'accept',
  'te',
  'grpc-timeout',
  'x-server-timeout',
  'connection',
  'content-encoding',
  'authorization',
  'x-http-method-override',
  '__proto__',
  'cookie',
  'upgrade',
  'range',
);
const headerValue = fc.oneof(
  bytes(20),
  fragments(
    'application/json',
    'trailers',
    ',',
    ';',
    'q=',
    '1',
    'S',
    'close',
    'x-protobuf',
    '/',
    '*',
    'charset=',
    'websocket',
  ),
);
const headers = fc.array(fc.tuple(headerName, headerValue), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs)); // biome-ignore format: one line each

const requests: Readonly<Record<string, fc.Arbitrary<RawRequest>>> = {
  path: path.map((text) => ({ method: 'GET', target: `/${text.replaceAll(' ', '')}` })),
  query: query.map((text) => ({ method: 'GET', target: `/v1/bench?${text.replaceAll(' ', '')}` })),
  headers: headers.map((each) => ({ method: 'POST', target: '/v1/bench', body: '{}', headers: each })),
  'JSON body': json.map((body) => ({ method: 'POST', target: '/v1/bench', body })),
  'JSON body of PATCH': json.map((body) => ({ method: 'PATCH', target: '/v1/tools/a', body })),
  form: fragments('fInt32', 'part.', 'label', 'counts[', ']', '=', '&', '%', '1', '+', 'rInt32').map((body) => ({
    method: 'POST',
    target: '/v1/bench',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  })),
  'form in parts': fragments(
    '--x',
    '--',
    '\r\n',
    '\r\n\r\n',
    'Content-Disposition: form-data; name=',
    '"fBytes"',
    '"part"',
    '"nope"',
    '; filename="a"',
    'Content-Type: application/json',
    '{}',
    '\0',
  ).map((body) => ({
    method: 'POST',
    target: '/v1/bench',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: `--x\r\nContent-Disposition: form-data; name="fString"\r\n\r\n${body}`,
  })),
  'range and condition': fc
    .tuple(
      fc.constantFrom('range', 'if-match', 'if-unmodified-since', 'if-range'),
      fragments('bytes=', '0', '-', ',', '9', '"', 'W/', '*', 'Wed, 21 Oct 2015 07:28:00 GMT'),
    )
    .map(([name, value]) => ({
      method: 'GET',
      target: '/v1/drawings/1',
      headers: { range: 'bytes=0-', [name]: value.replaceAll('\0', '') },
    })),
  WebSocket: fc.tuple(fc.constantFrom('version', 'key', 'protocol', 'extensions'), bytes(30)).map(([name, value]) => ({
    method: 'GET',
    target: '/v1/tools/saw',
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      [`sec-websocket-${name}`]: value,
    },
  })),
  'protobuf body': fc.uint8Array({ maxLength: 40 }).map((array) => ({
    method: 'POST',
    target: '/v1/tools/a:sharpen',
    headers: { 'content-type': 'application/x-protobuf' },
    bodyBase64: Buffer.from(array).toString('base64'),
  })),
};

for (const [name, arbitrary] of Object.entries(requests)) {
  test(`any ${name}`, async () => {
    const property = fc.asyncProperty(arbitrary, async (request) => checkReply(await sendRaw(server.url, request)));
    await fc.assert(property, { numRuns: 200 });
  });
}

test('any bytes on the connection', async () => {
  const start = fc.constantFrom(
    'x',
    'GET / HTTP/1.1\r\n',
    'POST /v1/bench HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n',
  );
  const stream = fc.tuple(start, fc.uint8Array({ minLength: 1, maxLength: 60 }));
  const property = fc.asyncProperty(stream, async ([head, rest]) => {
    const reply = await sendBytes(
      server.url,
      Buffer.concat([Buffer.from(head), rest, Buffer.from('\r\n\r\n')]),
      false,
      true,
    );
    checkReply(reply);
  });
  await fc.assert(property, { numRuns: 200 });
});

test('deep and wide bodies end in a clear answer', async () => {
  const deep = ['['.repeat(2000), '{"part":'.repeat(500), '{"struct":{"a":'.repeat(250), '{"value":[[[['.repeat(300)];
  for (const body of deep) {
    const reply = await sendRaw(server.url, { method: 'POST', target: '/v1/bench', body });
    assert.equal(reply.status, 400);
    checkReply(reply);
  }
});
