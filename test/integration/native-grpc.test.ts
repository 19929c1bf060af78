/** gRPC through the gateway: grpc-js as client, grpc-js and scripts as upstream. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Stream, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import * as grpc from '@grpc/grpc-js';
import fastify from 'fastify';
import { tandem } from '../../src/fastify.ts';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { GrpcCode, StatusError } from '../../src/index.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { startEchoUpstream } from '../upstreams/echo-upstream.ts';
import { raw } from '../upstreams/faults.ts';
import {
  drained,
  frame,
  type Script,
  type ScriptedUpstream,
  startScriptedUpstream,
} from '../upstreams/scripted-upstream.ts';

const protos = ['test/protos/echo.proto'];
const identity = (bytes: Buffer): Buffer => bytes;
const Echo = grpc.makeGenericClientConstructor(
  Object.fromEntries(
    ['Unary', 'ServerStream', 'ClientStream', 'Bidi', 'Unknown'].map((name) => [
      name,
      {
        path: `/test.Echo/${name}`,
        requestStream: name === 'ClientStream' || name === 'Bidi',
        responseStream: name === 'ServerStream' || name === 'Bidi',
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    ]),
  ),
  'Echo',
);

interface EchoClient extends grpc.Client {
  Unary(message: Buffer, ...rest: unknown[]): grpc.ClientUnaryCall;
  Unknown(message: Buffer, ...rest: unknown[]): grpc.ClientUnaryCall;
  ServerStream(message: Buffer, ...rest: unknown[]): grpc.ClientReadableStream<Buffer>;
  ClientStream(...rest: unknown[]): grpc.ClientWritableStream<Buffer>;
  Bidi(...rest: unknown[]): grpc.ClientDuplexStream<Buffer, Buffer>;
}

async function serve(t: TestContext, target: string, options: TandemOptions = {}): Promise<RunningServer> {
  const server = await startServer({
    protos,
    upstreams: [target],
    listen: { port: 0 },
    ...options,
    limits: { drain: '500ms', ...options.limits },
  });
  t.after(() => server.close());
  return server;
}

function clientOf(t: TestContext, { url }: RunningServer, options: grpc.ClientOptions = {}): EchoClient {
  const client = new Echo(new URL(url).host, grpc.credentials.createInsecure(), options);
  t.after(() => client.close());
  return client as unknown as EchoClient;
}

async function echo(t: TestContext, options: TandemOptions = {}): Promise<EchoClient> {
  const upstream = await startEchoUpstream();
  t.after(() => upstream.close());
  return clientOf(t, await serve(t, upstream.target, options));
}

async function scripted(
  t: TestContext,
  scripts: Readonly<Record<string, Script>>,
  options: TandemOptions = {},
): Promise<{ client: EchoClient; upstream: ScriptedUpstream; server: RunningServer }> {
  const upstream = await startScriptedUpstream(
    Object.fromEntries(Object.entries(scripts).map(([name, script]) => [`/test.Echo/${name}`, script])),
  );
  t.after(() => upstream.close());
  const server = await serve(t, upstream.target, options);
  return { client: clientOf(t, server), upstream, server };
}

interface Outcome {
  readonly reply: Buffer | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly code: number;
  readonly details: string;
  readonly trailers: grpc.Metadata;
}

/** Begins a call with one reply, and collects all that comes of it. */
async function outcomeOf(
  begin: (done: (error: unknown, reply?: Buffer) => void) => grpc.ClientUnaryCall,
): Promise<Outcome> {
  let reply: Buffer | undefined;
  let headers = {};
  const call = begin((_error, message) => {
    reply = message;
  });
  call.on('metadata', (metadata: grpc.Metadata) => {
    headers = metadata.getMap();
  });
  const [status] = (await once(call, 'status')) as [grpc.StatusObject];
  return { reply, headers, code: status.code, details: status.details, trailers: status.metadata };
}

const metadata = (pairs: Readonly<Record<string, string | Buffer>>): grpc.Metadata => {
  const result = new grpc.Metadata();
  for (const [name, value] of Object.entries(pairs)) result.set(name, value);
  return result;
};

test('unary, with metadata both ways', async (t) => {
  const client = await echo(t);
  const { reply, headers, code, trailers } = await outcomeOf((done) =>
    client.Unary(Buffer.from('hi'), metadata({ 'x-one': 'a', custom: 'b', 'x-bytes-bin': Buffer.of(0, 255) }), done),
  );
  assert.deepEqual([reply?.toString(), code], ['hi', 0]);
  assert.equal(headers['x-one'], 'a');
  assert.deepEqual(headers['x-bytes-bin'], Buffer.of(0, 255));
  assert.deepEqual(trailers.get('trailer-x-one'), ['a']);
});

test('streams of replies, of requests, and of both', async (t) => {
  const client = await echo(t);
  const replies: number[] = [];
  for await (const message of client.ServerStream(Buffer.from([1, 2, 3]))) replies.push(...message);
  assert.deepEqual(replies, [1, 2, 3]);

  const { reply } = await outcomeOf((done) => {
    const call = client.ClientStream(done);
    for (const part of ['a', 'b', 'c']) call.write(Buffer.from(part));
    call.end();
    return call as unknown as grpc.ClientUnaryCall;
  });
  assert.equal(reply?.toString(), 'abc');

  const bidi = client.Bidi(metadata({ 'x-one': 'a' }));
  const [initial] = (await once(bidi, 'metadata')) as [grpc.Metadata];
  assert.deepEqual(initial.get('x-one'), ['a'], 'initial metadata come before any message');
  for (const part of ['one', 'two']) {
    bidi.write(Buffer.from(part));
    assert.equal(String((await once(bidi, 'data'))[0]), part, 'a reply comes before the next request');
  }
  bidi.end();
  assert.equal(((await once(bidi, 'status')) as [grpc.StatusObject])[0].code, 0);
});

test('large messages, both ways, and many of them', async (t) => {
  const client = await echo(t);
  const large = Buffer.alloc(3_000_000, 'x');
  assert.ok((await outcomeOf((done) => client.Unary(large, done))).reply?.equals(large));
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, index) => outcomeOf((done) => client.Unary(Buffer.from(`${index}`), done))),
  );
  assert.deepEqual(
    all.map(({ reply }) => String(reply)),
    Array.from({ length: 200 }, (_, index) => `${index}`),
  );
});

test('what an upstream gets: its own timeout and custom metadata, nothing of the connection', async (t) => {
  const { client, upstream } = await scripted(t, { Unary: { messages: [Buffer.from('a')] } });
  await outcomeOf((done) =>
    client.Unary(
      Buffer.from('a'),
      metadata({ custom: 'a', authorization: 'b', cookie: 'c' }),
      { deadline: Date.now() + 60_000 },
      done,
    ),
  );
  const [call] = upstream.calls;
  const { custom, authorization, cookie, 'user-agent': agent } = call?.headers ?? {};
  assert.deepEqual([custom, authorization, cookie, agent], ['a', 'b', undefined, 'tandem']);
  assert.ok((call?.timeoutMs ?? 0) > 50_000 && (call?.timeoutMs ?? 0) <= 60_000);
});

const details = Buffer.of(8, 5);
for (const [name, script, wanted] of [
  ['trailers only', { code: 5, message: 'no such échò 100%', details, trailers: { 'x-why': 'gone' } }, {}],
  [
    'behind a message',
    {
      messages: [Buffer.from('a')],
      code: 5,
      message: 'no such échò 100%',
      details,
      trailers: { 'x-why': 'gone' },
      headers: { 'x-head': 'h' },
    },
    { 'x-head': 'h' },
  ],
] as const) {
  test(`an error of the upstream: ${name}`, async (t) => {
    const { client } = await scripted(t, { ServerStream: script, Unary: script });
    const call = client.ServerStream(Buffer.from('a'));
    const messages: Buffer[] = [];
    call.on('data', (message) => messages.push(message));
    call.on('error', () => {});
    let headers: grpc.Metadata | undefined;
    call.on('metadata', (received) => {
      headers = received;
    });
    const status = await new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve));
    const unary = await outcomeOf((done) => client.Unary(Buffer.from('a'), done));
    for (const { code, details: message, trailers } of [{ ...status, trailers: status.metadata }, unary]) {
      assert.deepEqual([code, message], [5, 'no such échò 100%']);
      assert.deepEqual(trailers.get('x-why'), ['gone']);
      assert.deepEqual(trailers.get('grpc-status-details-bin'), [details]);
    }
    assert.equal(messages.length, name === 'trailers only' ? 0 : 1);
    for (const [key, value] of Object.entries(wanted)) assert.deepEqual(headers?.get(key), [value]);
  });
}

for (const [name, begin, code, message] of [
  [
    'a method that nothing has',
    (client: EchoClient, done: never) => client.Unknown(Buffer.alloc(0), done),
    12,
    'no service has the method /test.Echo/Unknown',
  ],
  [
    'a message over the limit',
    (client: EchoClient, done: never) => client.Unary(Buffer.alloc(2000), done),
    8,
    /larger than 1005 bytes|over the limit of 1000/,
  ],
  [
    'metadata over the limit',
    (client: EchoClient, done: never) => client.Unary(Buffer.alloc(0), metadata({ a: 'x'.repeat(9000) }), done),
    3,
    /too large/,
  ],
] as const) {
  test(`refused by the gateway: ${name}`, async (t) => {
    const client = await echo(t, { limits: { bodyBytes: 1000 } });
    const { code: got, details: text } = await outcomeOf((done) => begin(client, done as never));
    assert.equal(got, code);
    assert.match(text, typeof message === 'string' ? new RegExp(message.replaceAll('.', '\\.')) : message);
  });
}

test('an upstream that is not there, and one that no service has, are statuses', async (t) => {
  const none = await serve(t, '127.0.0.1:1');
  const down = await outcomeOf((done) => clientOf(t, none).Unary(Buffer.alloc(0), done));
  assert.equal(down.code, grpc.status.UNAVAILABLE);
  const other = await startServer({ protos, listen: { port: 0 } });
  t.after(() => other.close());
  const unserved = await outcomeOf((done) => clientOf(t, other).Unary(Buffer.alloc(0), done));
  assert.deepEqual([unserved.code, unserved.details], [12, 'no upstream is configured for test.Echo']);
});

test('a deadline reaches the upstream, is capped, and ends the call', async (t) => {
  const { client, upstream } = await scripted(
    t,
    { Unary: raw((stream) => void stream.resume()), ServerStream: { messages: [] } },
    { limits: { timeoutMax: '200ms', timeoutDefault: '100ms' } },
  );
  const { code } = await outcomeOf((done) => client.Unary(Buffer.alloc(0), { deadline: Date.now() + 60_000 }, done));
  assert.equal(code, grpc.status.DEADLINE_EXCEEDED);
  for await (const _ of client.ServerStream(Buffer.alloc(0), { deadline: Date.now() + 60_000 })) assert.fail();
  assert.ok((upstream.calls[0]?.timeoutMs ?? 1e9) <= 200);
});

/** A raw call, for what grpc-js would not do. */
function rawCall(t: TestContext, { url }: RunningServer, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const session = connect(url);
  session.on('error', () => {});
  t.after(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/test.Echo/Unary',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => {});
  return stream;
}

async function statusOf(stream: ClientHttp2Stream): Promise<{ status: unknown; message: unknown; http: unknown }> {
  let last: Record<string, unknown> = {};
  let http: unknown;
  for (const event of ['response', 'trailers']) {
    stream.on(event, (headers) => {
      http ??= headers[':status'];
      last = headers;
    });
  }
  stream.resume();
  await once(stream, 'close');
  return { status: last['grpc-status'], message: last['grpc-message'], http };
}

for (const [name, headers, body, status] of [
  ['no message', {}, Buffer.alloc(0), '12'],
  ['two messages', {}, Buffer.concat([frame(Buffer.from('a')), frame(Buffer.from('b'))]), '12'],
  ['half a message', {}, frame(Buffer.from('abc')).subarray(0, 6), '13'],
  ['half a head', {}, Buffer.of(0, 0), '13'],
  ['messages that are no protobuf', { 'content-type': 'application/grpc+json' }, frame(Buffer.from('{}')), '12'],
  ['another method of HTTP', { ':method': 'PUT' }, frame(Buffer.alloc(0)), '13'],
  ['a timeout that is none', { 'grpc-timeout': 'soon' }, frame(Buffer.alloc(0)), '3'],
  ['a path that is too long', { ':path': `/${'a'.repeat(9000)}` }, frame(Buffer.alloc(0)), '3'],
  ['a path that cannot be decoded', { ':path': '/%ff%' }, frame(Buffer.alloc(0)), '12'],
] as const) {
  test(`every failure is a status of gRPC: ${name}`, async (t) => {
    const { server } = await scripted(t, { Unary: { messages: [Buffer.from('a')] } });
    const stream = rawCall(t, server, headers);
    stream.end(body);
    const got = await statusOf(stream);
    assert.deepEqual([got.http, got.status], [200, status], String(got.message));
  });
}

for (const [name, target] of [
  ['a method', '/test.Echo/Unary'],
  ['a rule', '/v1/echo'],
  ['nothing', '/nothing'],
] as const) {
  test(`over HTTP/1.1 the answer says what is missing: ${name}`, async (t) => {
    const { server } = await scripted(t, { Unary: { messages: [] } });
    const headers = { 'content-type': 'application/grpc+proto', te: 'trailers' };
    const body = frame(Buffer.alloc(0));
    const answer = await fetch(server.url + target, { method: 'POST', headers, body: new Uint8Array(body) });
    assert.equal(answer.status, 505);
    const { message } = (await answer.json()) as { message: string };
    assert.match(message, /gRPC needs HTTP\/2/);
  });
}

test('compressed messages pass as they are, with what says so', async (t) => {
  const zipped = gzipSync('hello hello hello');
  const message = Buffer.concat([Buffer.of(1, 0, 0, 0, zipped.length), zipped]);
  const seen: Buffer[] = [];
  let received: OutgoingHttpHeaders = {};
  const script = raw(async (stream, headers) => {
    received = headers;
    for await (const chunk of stream) seen.push(chunk);
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-encoding': 'snappy',
        'grpc-accept-encoding': 'snappy',
      },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(message);
  });
  const { server } = await scripted(t, { Unary: script });
  const stream = rawCall(t, server, { 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'snappy, gzip' });
  stream.end(message);
  const [reply] = await once(stream, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.deepEqual([received['grpc-encoding'], received['grpc-accept-encoding']], ['gzip', 'snappy, gzip']);
  assert.deepEqual([reply['grpc-encoding'], reply['grpc-accept-encoding']], ['snappy', 'snappy']);
  assert.ok(Buffer.concat(seen).equals(message));
  assert.ok(Buffer.concat(chunks).equals(message));
});

for (const transport of ['http2', 'grpc-js'] as const) {
  test(`a client that compresses, over ${transport}`, async (t) => {
    const upstream = await startEchoUpstream();
    t.after(() => upstream.close());
    const server = await serve(t, '', { upstreams: [{ target: upstream.target, transport }] });
    const client = clientOf(t, server, { 'grpc.default_compression_algorithm': 2 });
    const { reply } = await outcomeOf((done) => client.Unary(Buffer.alloc(5000, 'a'), done));
    assert.equal(String(reply), 'a'.repeat(5000));
  });
}

test('cancelling reaches the upstream', async (t) => {
  const { promise, resolve } = later<void>();
  const { client } = await scripted(t, {
    Bidi: raw((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.resume().on('close', resolve);
    }),
  });
  const call = client.Bidi();
  call.on('error', () => {});
  await once(call, 'metadata');
  call.cancel();
  await promise;
});

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test('a request that is cut off never looks whole to the upstream', async (t) => {
  const { promise, resolve } = later<boolean>();
  const opened = later<void>();
  const { server } = await scripted(t, {
    ClientStream: raw((stream) => {
      stream.once('data', () => opened.resolve());
      stream.on('close', () => resolve(stream.rstCode === constants.NGHTTP2_CANCEL));
    }),
  });
  const stream = rawCall(t, server, { ':path': '/test.Echo/ClientStream' });
  stream.write(frame(Buffer.from('a')));
  await opened.promise;
  stream.close(constants.NGHTTP2_CANCEL);
  assert.equal(await promise, true);
});

test('a client that does not read holds the upstream back', async (t) => {
  let written = 0;
  const message = frame(Buffer.alloc(16_000));
  const { server } = await scripted(t, {
    ServerStream: raw(async (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      while (!stream.destroyed) {
        written += message.length;
        if (!stream.write(message)) await drained(stream);
      }
    }),
  });
  const stream = rawCall(t, server, { ':path': '/test.Echo/ServerStream' });
  stream.end(frame(Buffer.alloc(0)));
  await once(stream, 'response');
  let before = -1;
  while (before !== written) {
    before = written;
    await sleep(100);
  }
  assert.ok(written < 4_000_000, `${written} bytes ahead of the reader`);
  stream.destroy();
});

test('an upstream that does not read holds the client back', async (t) => {
  const { server } = await scripted(t, { ClientStream: raw((stream) => void stream.pause()) });
  const stream = rawCall(t, server, { ':path': '/test.Echo/ClientStream' });
  const message = frame(Buffer.alloc(16_000));
  let sent = 0;
  const send = (): void => {
    while (sent < 20_000_000) {
      sent += message.length;
      if (!stream.write(message)) return void stream.once('drain', send);
    }
  };
  send();
  let before = -1;
  while (before !== sent) {
    before = sent;
    await sleep(100);
  }
  assert.ok(sent < 4_000_000, `${sent} bytes ahead of the upstream`);
});

test('gRPC can be turned off', async (t) => {
  const { server } = await scripted(t, {}, { protocols: { grpc: false } });
  const stream = rawCall(t, server);
  stream.end();
  const [headers] = await once(stream, 'response');
  assert.notEqual(headers[':status'], 200);
});

test('in an app of somebody else that speaks HTTP/2, beside what is the app’s own', async (t) => {
  const upstream = await startEchoUpstream();
  const app = fastify({ http2: true });
  app.get('/own', () => 'own');
  await app.register(tandem, { protos, upstreams: [upstream.target], hooks: [] });
  const rpcs: unknown[] = [];
  app.addHook('onRequest', async (request) => void rpcs.push(request.rpc?.method));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  t.after(async () => {
    await app.close();
    await upstream.close();
  });
  const client = new Echo(new URL(url).host, grpc.credentials.createInsecure()) as unknown as EchoClient;
  const { reply } = await outcomeOf((done) => client.Unary(Buffer.from('hi'), done));
  client.close();
  assert.equal(String(reply), 'hi');
  assert.deepEqual(rpcs, ['Unary']);
});

test('hooks see messages, compressed or not, and may refuse', async (t) => {
  const upstream = await startEchoUpstream();
  t.after(() => upstream.close());
  const seen: string[] = [];
  const server = await startServer(
    { protos, upstreams: [upstream.target], listen: { port: 0 } },
    {
      hooks: [
        {
          beforeBind: ({ protocol, request }) => {
            seen.push(protocol);
            if (request.headers['x-refuse'] !== undefined) throw new StatusError(GrpcCode.PERMISSION_DENIED, 'no');
          },
          onRequestMessage: (_rpc, message) => void seen.push(`> ${Buffer.from(message)}`),
          onReplyMessage: (_rpc, message) => void seen.push(`< ${Buffer.from(message)}`),
          onEnd: (_rpc, { error, requestBytes }) => void seen.push(`${error?.codeName} ${requestBytes}`),
        },
      ],
    },
  );
  t.after(() => server.close());
  const client = clientOf(t, server, { 'grpc.default_compression_algorithm': 2 });
  await outcomeOf((done) => client.Unary(Buffer.from('hi'), done));
  const refused = await outcomeOf((done) => client.Unary(Buffer.from('hi'), metadata({ 'x-refuse': '1' }), done));
  assert.deepEqual([refused.code, refused.details], [7, 'no']);
  assert.deepEqual(seen, ['grpc', '> hi', '< hi', 'undefined 2', 'grpc', 'PERMISSION_DENIED 0']);
});
