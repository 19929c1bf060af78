/** HTTP/1.1 and HTTP/2 on one port: which of them a connection speaks, and that REST is the same over both. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { sendRaw } from './send-raw.ts';

const service = '/test.workshop.v1.Workshop';
const tool = Uint8Array.of(10, 1, 97);
const file = (name: string): string => `test/fixtures/tls/${name}`;
const tls = { cert: file('server.crt'), key: file('server.key') };
const ca = readFileSync(file('ca.crt'));

async function start(t: TestContext, options: TandemOptions = {}): Promise<RunningServer> {
  const upstream = await startScriptedUpstream({
    [`${service}/GetTool`]: { messages: [tool] },
    [`${service}/Watch`]: { messages: [tool, tool], code: 10, message: 'broken' },
    [`${service}/Measure`]: ({ messages }) => ({ messages }),
  });
  const server = await startServer({
    protos: ['test/protos/workshop/workshop.proto'],
    upstreams: [upstream.target],
    listen: { port: 0 },
    ...options,
  });
  t.after(async () => {
    await server.close();
    await upstream.close();
  });
  return server;
}

function session(t: TestContext, { url }: RunningServer): ClientHttp2Session {
  const client = connect(url.replace('127.0.0.1', 'localhost'), { ca });
  client.on('error', () => {});
  t.after(() => client.destroy());
  return client;
}

interface Reply {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: string;
  readonly trailers: Readonly<Record<string, unknown>>;
}

async function send(client: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Reply> {
  const stream = client.request(headers, { endStream: body === undefined });
  let trailers = {};
  stream.on('trailers', (received) => {
    trailers = { ...received };
  });
  stream.end(body);
  const [reply] = await once(stream, 'response');
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return { status: reply[':status'], type: reply['content-type'], body: text, trailers };
}

for (const [name, options] of [
  ['with prior knowledge', {}],
  ['by ALPN', { listen: { port: 0, tls } }],
] as const) {
  test(`REST over HTTP/2 ${name}, and HTTP/1.1 beside it`, async (t) => {
    const server = await start(t, options);
    const client = session(t, server);
    const post = { ':method': 'POST', ':path': '/v1/bench', 'content-type': 'application/json' };
    const long = `{"fString":"${'a'.repeat(300_000)}"}`;
    const [one, none, sent, large, stream] = await Promise.all([
      send(client, { ':path': '/v1/tools/a' }),
      send(client, { ':path': '/nowhere' }),
      send(client, post, '{}'),
      send(client, post, long),
      send(client, { ':path': '/v1/watch/a', te: 'trailers' }),
    ]);
    const type = 'application/json';
    assert.deepEqual(one, { status: 200, type, body: '{"name":"a"}', trailers: {} });
    assert.deepEqual([none.status, none.type], [404, type]);
    assert.deepEqual([sent.status, sent.body, large.status], [200, '{}', 200]);
    assert.equal(stream.trailers['grpc-status'], '10');
    if (!('listen' in options))
      assert.equal((await sendRaw(server.url, { method: 'GET', target: '/v1/tools/a' })).status, 200);
  });
}

test('without ALPN, TLS is HTTP/1.1', async (t) => {
  const server = await start(t, { listen: { port: 0, tls } });
  const socket = connectTls({ port: Number(new URL(server.url).port), host: '127.0.0.1', ca, servername: 'localhost' });
  t.after(() => socket.destroy());
  socket.write('GET /v1/tools/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) text += chunk;
  assert.match(text, /^HTTP\/1.1 200 OK\r\n/);
});

/** What a connection answers to pieces of bytes, each sent once the one before is on its way, until it ends. */
async function talk(server: RunningServer, pieces: readonly string[], isEnded = false): Promise<string> {
  const socket = connectSocket({ port: Number(new URL(server.url).port), host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  for (const piece of pieces)
    await new Promise((resolve) => socket.write(piece, 'latin1', () => setImmediate(resolve)));
  if (isEnded) socket.end();
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) text += chunk;
  return text;
}

const get = 'GET /v1/tools/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
const refused = /^HTTP\/1.1 400 Bad Request\r\n.*the request is not HTTP/s;
for (const [name, pieces, answer] of [
  ['a request byte by byte', [...get], /^HTTP\/1.1 200 OK\r\n/],
  ['a method that begins as the preface does', ['P', 'R', `OPFIND${get.slice(3)}`], /^HTTP\/1.1 405 /],
  ['a preface that is none', ['PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n'], /^HTTP\/1.1 (?:400|408) |^$/],
  ['garbage', ['\0\x01\x02\x03'], refused],
  ['TLS where there is none', ['\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'], refused],
  ['nothing in time', [], /^HTTP\/1.1 408 Request Timeout\r\n/],
  ['half a preface in time', ['PRI * HT'], /^HTTP\/1.1 408 Request Timeout\r\n/],
] as const) {
  test(`the first bytes of a connection: ${name}`, async (t) => {
    const server = await start(t, { limits: { headersTimeout: '300ms' } });
    assert.match(await talk(server, pieces), answer);
  });
}

test('a connection that ends before it says what it speaks is closed', async (t) => {
  const server = await start(t);
  assert.equal(await talk(server, [], true), '');
  assert.equal(await talk(server, ['PRI'], true), '');
});

test('a connection may have as many streams, and a stream as large a window, as the limits say', async (t) => {
  const server = await start(t, { limits: { http2Streams: 7, http2StreamWindow: '32KiB', headerBytes: '8KiB' } });
  const client = session(t, server);
  const [settings] = await once(client, 'remoteSettings');
  assert.equal(settings.maxConcurrentStreams, 7);
  assert.equal(settings.initialWindowSize, 32_768);
  assert.equal(settings.maxHeaderListSize, 8192);
});

test('a connection of HTTP/2 in which nothing happens is ended', async (t) => {
  const server = await start(t, { limits: { http2Idle: '50ms' } });
  const client = session(t, server);
  await once(client, 'goaway');
  if (!client.closed) await once(client, 'close');
});

test('a body that nobody reads is given up once it is answered', async (t) => {
  const server = await start(t, { limits: { bodyBytes: 10 } });
  const stream = session(t, server).request({ ':method': 'POST', ':path': '/v1/bench', 'content-length': '1000000' });
  stream.write('{');
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 413);
  stream.resume();
  await once(stream, 'close');
  assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);
});

for (const isTls of [false, true]) {
  test(`over HTTP/1.1 ${isTls ? 'with' : 'without'} TLS an answer reaches a client that is still sending`, async (t) => {
    const server = await start(t, { limits: { bodyBytes: 10 }, listen: { port: 0, ...(isTls && { tls }) } });
    const to = { port: Number(new URL(server.url).port), host: '127.0.0.1' };
    const socket = isTls ? connectTls({ ...to, ca, servername: 'localhost' }) : connectSocket(to);
    t.after(() => socket.destroy());
    const errors: unknown[] = [];
    socket.on('error', (error) => errors.push(error)).setEncoding('latin1');
    const send = (data: string): Promise<void> => new Promise((resolve) => socket.write(data, () => resolve()));
    await send('POST /v1/bench HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
    // More than what the kernel holds between the two.
    for (let sent = 0; sent < 200; sent++) await send(`10000\r\n${'a'.repeat(0x10000)}\r\n`);
    // It would be answered, had the rest been read as HTTP.
    await send(`0\r\n\r\n${get}`);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    assert.deepEqual(errors, []);
    assert.deepEqual(answer.match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 413']);
  });
}

test('closing lets a stream over HTTP/2 end, and takes no new ones', async (t) => {
  const server = await start(t);
  const client = session(t, server);
  await send(client, { ':path': '/v1/tools/a' });
  const closed = once(client, 'close');
  await server.close();
  await closed;
});
