/** Compression by HTTP: bodies that are bombs, answers that clients ask to have smaller, and what is left alone. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import zlib from 'node:zlib';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { startSecure } from './security-fixture.ts';
import { sendRaw } from './send-raw.ts';

type Compression = NonNullable<NonNullable<TandemOptions['transcoding']>['compression']>;

const long = 'abc'.repeat(2000);
/** Item with a name of 6,000 letters. */
const longItem = Buffer.concat([Buffer.from([10, 0xf0, 0x2e]), Buffer.from(long)]);

async function start(t: TestContext, compression: Compression, limits: TandemOptions['limits'] = {}) {
  const gateway = await startSecure(t, {}, { transcoding: { compression }, limits });
  for (const name of ['GetItem', 'ListItems', 'Ping'])
    gateway.upstream.script(`/vault.Vault/${name}`, { messages: [longItem] });
  return gateway;
}

const json = Buffer.from(JSON.stringify({ key: 'k'.repeat(500) }));
const bodies = [
  { name: 'gzip', coding: 'gzip', body: zlib.gzipSync(json), status: 200 },
  { name: 'gzip in another case', coding: ' GZIP', body: zlib.gzipSync(json), status: 200 },
  { name: 'deflate', coding: 'deflate', body: zlib.deflateSync(json), status: 200 },
  { name: 'br', coding: 'br', body: zlib.brotliCompressSync(json), status: 200 },
  { name: 'plain', coding: 'identity', body: json, status: 200 },
  { name: 'two codings', coding: 'gzip, gzip', body: zlib.gzipSync(zlib.gzipSync(json)), status: 415 },
  { name: 'one that is not taken', coding: 'zstd', body: json, status: 415 },
  { name: 'the name of a property of all objects', coding: 'constructor', body: json, status: 415 },
  { name: 'no gzip at all', coding: 'gzip', body: json, status: 400 },
  { name: 'gzip that is cut off', coding: 'gzip', body: zlib.gzipSync(json).subarray(0, -9), status: 400 },
  { name: 'a bomb of gzip', coding: 'gzip', body: zlib.gzipSync(Buffer.alloc(50_000_000)), status: 413 },
  { name: 'a bomb of br', coding: 'br', body: zlib.brotliCompressSync(Buffer.alloc(50_000_000)), status: 413 },
  {
    name: 'as much as a body may have',
    coding: 'br',
    body: zlib.brotliCompressSync(Buffer.alloc(100_000, ' ')),
    status: 400,
  },
  { name: 'one byte more', coding: 'br', body: zlib.brotliCompressSync(Buffer.alloc(100_001, ' ')), status: 413 },
];

for (const { name, coding, body, status } of bodies) {
  test(`a request body: ${name}`, async (t) => {
    const { server, upstream } = await start(t, { requests: true }, { bodyBytes: 100_000 });
    const headers = {
      'content-encoding': coding,
      'content-length': String(body.length),
      'content-type': 'application/json',
    };
    const bodyBase64 = body.toString('base64');
    const answer = await sendRaw(server.url, { method: 'POST', target: '/v1/items/7:read', headers, bodyBase64 });
    assert.equal(answer.status, status, answer.body.toString());
    const [{ messages = [] } = {}] = upstream.calls;
    assert.equal(messages.length, status === 200 ? 1 : 0);
    if (status === 200) assert.ok(Buffer.from(messages[0] ?? []).includes('k'.repeat(500)));
  });
}

test('off, a compressed body is 415', async (t) => {
  const { server } = await start(t, {});
  const response = await fetch(`${server.url}/v1/items/7:read`, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    body: new Uint8Array(zlib.gzipSync(json)),
  });
  assert.equal(response.status, 415);
});

const inflate: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: zlib.brotliDecompressSync,
  gzip: zlib.gunzipSync,
};
const replies = [
  { accept: 'gzip, deflate, br', coding: 'br' },
  { accept: 'gzip', coding: 'gzip' },
  { accept: 'gzip;q=1.0, br;q=0', coding: 'gzip' },
  { accept: 'br; q=0.0, *', coding: 'gzip' },
  { accept: '*', coding: 'br' },
  { accept: 'deflate', coding: undefined },
  { accept: 'identity', coding: undefined },
  { accept: '*;q=0', coding: undefined },
  { accept: '', coding: undefined },
];

for (const { accept, coding } of replies) {
  test(`an answer to whom accepts "${accept}"`, async (t) => {
    const { server } = await start(t, { replies: true });
    const { headers, body } = await sendRaw(server.url, {
      method: 'GET',
      target: '/ping',
      headers: { 'accept-encoding': accept },
    });
    assert.deepEqual([headers['content-encoding'], headers['vary']], [coding, 'Accept-Encoding']);
    assert.equal(Number(headers['content-length']), body.length);
    const plain = coding === undefined ? body : inflate[coding]?.(body);
    assert.deepEqual(JSON.parse(String(plain)), { name: long });
  });
}

const alone = [
  { name: 'a small answer', method: 'GET', target: '/v1/ledger', headers: {} },
  { name: 'a stream of lines', method: 'GET', target: '/v1/items', headers: { accept: 'application/x-ndjson' } },
  { name: 'a stream of events', method: 'GET', target: '/v1/items', headers: { accept: 'text/event-stream' } },
  { name: 'a stream as an array', method: 'GET', target: '/v1/items', headers: {} },
  {
    name: 'gRPC-Web',
    method: 'POST',
    target: '/vault.Vault/Ping',
    headers: { 'content-type': 'application/grpc-web+proto', 'content-length': '5' },
    bodyBase64: 'AAAAAAA=',
  },
];

for (const { name, ...request } of alone) {
  test(`left alone: ${name}`, async (t) => {
    const { server } = await start(t, { replies: true });
    const headers = { ...request.headers, 'accept-encoding': 'gzip, br' };
    const answer = await sendRaw(server.url, { ...request, headers });
    assert.deepEqual([answer.status, answer.headers['content-encoding']], [200, undefined]);
  });
}

test('the gateway’s documents are compressed too, and with CORS both are told to caches', async (t) => {
  const security = { cors: { origins: ['https://app.example.com'] } };
  const { server } = await startSecure(t, security, { transcoding: { compression: { replies: true } } });
  const headers = { 'accept-encoding': 'br' };
  const answer = await sendRaw(server.url, { method: 'GET', target: '/openapi.json', headers });
  assert.deepEqual([answer.headers['content-encoding'], answer.headers['vary']], ['br', 'Origin, Accept-Encoding']);
  assert.match(zlib.brotliDecompressSync(answer.body).toString(), /"openapi"/);
});
