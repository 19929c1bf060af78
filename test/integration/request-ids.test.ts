/** Request ids: one for the client, the upstream, the log and the body of a 5xx, in every protocol. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { GrpcCode } from '../../src/index.ts';
import { startServer } from '../../src/server/start-server.ts';
import { frame, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

/** HelloReply with the message "hi", HelloRequest with the name "you". */
const hi = Uint8Array.of(10, 2, 104, 105);
const you = Buffer.of(10, 3, 121, 111, 117);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function start(t: TestContext, { isDown = false, requestIds = true } = {}) {
  const fault = { code: GrpcCode.INTERNAL, message: 'the shelf fell down' };
  const upstream = await startScriptedUpstream({
    '/example.Greeter/SayHello': isDown ? fault : { messages: [hi] },
    '/example.Greeter/SayHellos': isDown ? { messages: [hi], ...fault } : { messages: [hi] },
  });
  t.after(() => upstream.close());
  const lines: string[] = [];
  const { url, close } = await startServer(
    {
      protos: ['test/protos/hooks.proto'],
      upstreams: [upstream.target],
      listen: { port: 0 },
      observability: { requestIds, accessLog: true },
    },
    { logger: pino({ base: null }, { write: (line) => void lines.push(line) }) },
  );
  t.after(close);
  const sent = (): unknown => upstream.calls.at(-1)?.headers['x-request-id'];
  return { url, sent, logged: () => lines.flatMap((line) => JSON.parse(line).requestId ?? []) as string[] };
}

interface Told {
  readonly id: string | null | undefined;
  readonly body: string;
}

type Headers = Readonly<Record<string, string>>;

async function post(url: string, type: string, body: string | Uint8Array, headers: Headers): Promise<Told> {
  const response = await fetch(`${url}/example.Greeter/SayHello`, {
    method: 'POST',
    headers: { ...headers, 'content-type': type, 'connect-protocol-version': '1' },
    body: Buffer.from(body),
  });
  return { id: response.headers.get('x-request-id'), body: Buffer.from(await response.arrayBuffer()).toString() };
}

async function get(url: string, headers: Headers): Promise<Told> {
  const response = await fetch(url, { headers });
  return { id: response.headers.get('x-request-id'), body: await response.text() };
}

function callGrpc(url: string, headers: Headers): Promise<Told> {
  const client = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const bytes = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    let id: string | undefined;
    let body = '';
    const call = client.makeUnaryRequest('/example.Greeter/SayHello', bytes, bytes, you, metadata, (error) => {
      id ??= error?.metadata.get('x-request-id')[0]?.toString();
      body = String(error?.metadata.get('grpc-status-details-bin')[0] ?? '');
      client.close();
      resolve({ id, body });
    });
    call.on('metadata', (initial) => {
      id = initial.get('x-request-id')[0]?.toString();
    });
  });
}

const protocols: Readonly<Record<string, (url: string, headers: Headers) => Promise<Told>>> = {
  REST: (url, headers) => get(`${url}/v1/hello/you`, headers),
  Connect: (url, headers) => post(url, 'application/json', '{"name":"you"}', headers),
  'gRPC-Web': (url, headers) => post(url, 'application/grpc-web+proto', frame(you), headers),
  gRPC: callGrpc,
};

/** Base64 without padding that the bytes of a RequestInfo with the id are part of, whatever stands before them. */
function isIn(body: string, id: string): boolean {
  const texts = [
    body,
    ...[...body.matchAll(/[A-Za-z0-9+/]{20,}/g)].map(([text]) => Buffer.from(text, 'base64').toString('latin1')),
  ];
  return texts.some((text) => text.includes(id));
}

for (const [name, call] of Object.entries(protocols)) {
  test(`${name}: the client's id, or a new one where it has none that is any good`, async (t) => {
    const { url, sent, logged } = await start(t);
    const own = await call(url, { 'x-request-id': 'client/7=a' });
    assert.deepEqual([own.id, sent(), logged().at(-1)], Array(3).fill('client/7=a'));
    for (const headers of [{}, { 'x-request-id': 'a'.repeat(129) }, { 'x-request-id': 'two words' }]) {
      const { id } = await call(url, headers);
      assert.match(String(id), uuid);
      assert.deepEqual([sent(), logged().at(-1)], [id, id]);
    }
  });

  test(`${name}: a failure of the server tells the id as a detail`, async (t) => {
    const { url, logged } = await start(t, { isDown: true });
    const { id, body } = await call(url, {});
    assert.match(String(id), uuid);
    assert.ok(isIn(body, String(id)), body);
    assert.equal(logged().at(-1), id);
  });
}

test('REST: where the detail is, and where there is none', async (t) => {
  const { url } = await start(t, { isDown: true });
  const failed = await get(`${url}/v1/hello/you`, { 'x-request-id': 'request-7' });
  const detail = { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: 'request-7' };
  assert.deepEqual(JSON.parse(failed.body).details, [detail]);
  const stream = await get(`${url}/v1/hellos/you`, { 'x-request-id': 'request-8', accept: 'application/x-ndjson' });
  assert.match(stream.body, /RequestInfo.*request-8/);
  const missing = await get(`${url}/v1/nothing`, { 'x-request-id': 'request-9' });
  assert.deepEqual([missing.id, JSON.parse(missing.body).details], ['request-9', []]);
  assert.equal((await get(`${url}/healthz`, { 'x-request-id': 'probe-1' })).id, 'probe-1');
});

test('a WebSocket is told its id in the handshake', async (t) => {
  const { url, sent } = await start(t);
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/hellos/you`, {
    headers: { 'x-request-id': 'socket-1' },
  });
  const [response] = await once(socket, 'upgrade');
  await once(socket, 'close');
  assert.deepEqual([response.headers['x-request-id'], sent()], ['socket-1', 'socket-1']);
});

test('off: the header is metadata like any other', async (t) => {
  const { url, sent } = await start(t, { requestIds: false });
  assert.equal((await get(`${url}/v1/hello/you`, { 'x-request-id': 'two words' })).id, null);
  assert.equal(sent(), 'two words');
  await get(`${url}/v1/hello/you`, {});
  assert.equal(sent(), undefined);
});
