/** gRPC-Web and Connect as bytes: what no client library of theirs sends or shows. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import fastify from 'fastify';
import { tandem } from '../../src/fastify.ts';
import type { RpcHooks, TandemOptions } from '../../src/index.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { drained, type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const sayHello = '/example.Greeter/SayHello';
const sayHellos = '/example.Greeter/SayHellos';
const hi = Buffer.from('\n\x02hi');
const you = Buffer.from('\n\x03you');
const long = Buffer.from(`\n\x90\x4e${'x'.repeat(10_000)}`, 'latin1');
const options: TandemOptions = {
  protos: ['test/protos/hooks.proto'],
  listen: { host: '127.0.0.1', port: 0 },
  limits: { bodyBytes: 20_000, drain: '1s' },
};

/** A message as both protocols frame it. */
function envelope(payload: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length, 1);
  head[0] = flags;
  return Buffer.concat([head, payload]);
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
}

interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

async function send({ url }: Pick<RunningServer, 'url'>, sent: Sent): Promise<Received> {
  const { method = 'POST', path = sayHello, headers = {}, body } = sent;
  const reply = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
  return { status: reply.status, headers: reply.headers, body: Buffer.from(await reply.arrayBuffer()) };
}

let upstream: ScriptedUpstream;
let server: RunningServer;

before(async () => {
  upstream = await startScriptedUpstream({
    [sayHello]: { messages: [hi], headers: { 'x-part': ['a', 'b'] }, trailers: { 'x-end': ['c', 'd'] } },
    [sayHellos]: { messages: [hi, long] },
  });
  server = await startServer({ ...options, upstreams: [upstream.target] });
});

after(async () => {
  await server?.close();
  await upstream.close();
});

const connectJson = { 'content-type': 'application/json', 'connect-protocol-version': '1' };
const connectProto = { 'content-type': 'application/proto' };
const connectStream = { 'content-type': 'application/connect+proto' };
const grpcWeb = { 'content-type': 'application/grpc-web+proto' };
const grpcWebText = { 'content-type': 'application/grpc-web-text' };
const statusOk = 'grpc-status: 0\r\nx-end: c\r\nx-end: d\r\n';
const okTrailers = envelope(Buffer.from(statusOk), 0x80);

describe('answers', () => {
  const rows: Readonly<Record<string, Sent & { readonly type: string; readonly answer: Uint8Array | string }>> = {
    'Connect in JSON': {
      headers: connectJson,
      body: '{"name":"you"}',
      type: 'application/json',
      answer: '{"message":"hi"}',
    },
    'Connect in JSON, an unknown key': {
      headers: { ...connectJson, 'content-type': 'application/json; charset=utf-8' },
      body: '{"color":1}',
      type: 'application/json',
      answer: '{"message":"hi"}',
    },
    'Connect in protobuf': { headers: connectProto, body: you, type: 'application/proto', answer: hi },
    'Connect in protobuf, compressed': {
      headers: { ...connectProto, 'content-encoding': 'gzip' },
      body: gzipSync(you),
      type: 'application/proto',
      answer: hi,
    },
    'Connect in protobuf, an empty body that says to be compressed': {
      headers: { ...connectProto, 'content-encoding': 'gzip' },
      body: '',
      type: 'application/proto',
      answer: hi,
    },
    'gRPC-Web': {
      headers: grpcWeb,
      body: envelope(you),
      type: 'application/grpc-web+proto',
      answer: Buffer.concat([envelope(hi), okTrailers]),
    },
    'gRPC-Web, compressed': {
      headers: { ...grpcWeb, 'grpc-encoding': 'gzip' },
      body: envelope(gzipSync(you), 1),
      type: 'application/grpc-web+proto',
      answer: Buffer.concat([envelope(hi), okTrailers]),
    },
    'gRPC-Web in JSON': {
      headers: { 'content-type': 'application/grpc-web+json' },
      body: envelope(Buffer.from('{"name":"you"}')),
      type: 'application/grpc-web+json',
      answer: Buffer.concat([envelope(Buffer.from('{"message":"hi"}')), okTrailers]),
    },
    'gRPC-Web as text': {
      headers: grpcWebText,
      body: envelope(you).toString('base64'),
      type: 'application/grpc-web-text+proto',
      answer: Buffer.concat([envelope(hi), okTrailers]).toString('base64'),
    },
    'gRPC-Web as text, in pieces with padding of their own': {
      headers: grpcWebText,
      body: envelope(you).subarray(0, 5).toString('base64') + you.toString('base64'),
      type: 'application/grpc-web-text+proto',
      answer: Buffer.concat([envelope(hi), okTrailers]).toString('base64'),
    },
  };
  for (const [name, { type, answer, ...sent }] of Object.entries(rows)) {
    test(name, async () => {
      const { status, headers, body } = await send(server, sent);
      assert.deepEqual([status, headers.get('content-type'), headers.get('x-part')], [200, type, 'a, b']);
      // In the text form each piece is encoded by itself.
      const decoded = type.includes('text') ? Buffer.from(body.toString(), 'base64') : body;
      const wanted = type.includes('text') ? Buffer.from(String(answer), 'base64') : Buffer.from(answer);
      assert.deepEqual(decoded.toString(), wanted.toString());
      if (type === 'application/proto') assert.equal(headers.get('trailer-x-end'), 'c, d');
    });
  }
});

describe('replies are compressed from 1 KiB on, for clients that take it', () => {
  const rows: Readonly<Record<string, Record<string, string>>> = {
    'connect-accept-encoding': connectStream,
    'grpc-accept-encoding': grpcWeb,
  };
  for (const [header, headers] of Object.entries(rows)) {
    for (const [accepted, isCompressed] of [
      ['br, gzip', true],
      ['gzip;q=0', false],
      ['br', false],
    ] as const) {
      test(`${header}: ${accepted}`, async () => {
        const sent = { path: sayHellos, headers: { ...headers, [header]: accepted }, body: envelope(you) };
        const { body } = await send(server, sent);
        const second = body.subarray(envelope(hi).length);
        const payload = second.subarray(5, 5 + second.readUInt32BE(1));
        assert.deepEqual([body[0], second[0]], [0, isCompressed ? 1 : 0]);
        assert.deepEqual(isCompressed ? gunzipSync(payload) : payload, long);
      });
    }
  }
});

describe('refusals', () => {
  const rows: Readonly<Record<string, Sent & { readonly wanted: readonly [status: number, code: string | number] }>> = {
    'Connect: a wrong field': { headers: connectJson, body: '{"name":1}', wanted: [400, 'invalid_argument'] },
    'Connect: no JSON': { headers: connectJson, body: '{', wanted: [400, 'invalid_argument'] },
    'Connect: an unknown method': {
      path: `${sayHello}s2`,
      headers: connectProto,
      body: you,
      wanted: [404, 'unimplemented'],
    },
    'Connect: an unknown method in JSON': {
      path: '/a.B/C',
      headers: connectJson,
      body: '{}',
      wanted: [404, 'unimplemented'],
    },
    'Connect: an unknown method by GET': {
      method: 'GET',
      path: '/a.B/C?connect=v1&encoding=json&message={}',
      wanted: [404, 'unimplemented'],
    },
    'Connect: a GET of a method that may have effects': {
      method: 'GET',
      path: `${sayHello}?connect=v1&encoding=json&message={}`,
      wanted: [405, 'unknown'],
    },
    'Connect: the form of streams for a method that has none': {
      headers: connectStream,
      body: '',
      wanted: [415, 'unknown'],
    },
    'Connect: the form of unary calls for a stream': {
      path: sayHellos,
      headers: connectProto,
      body: '',
      wanted: [415, 'unknown'],
    },
    'Connect: a version to come': {
      headers: { ...connectProto, 'connect-protocol-version': '2' },
      body: you,
      wanted: [400, 'invalid_argument'],
    },
    'Connect: a timeout that is none': {
      headers: { ...connectProto, 'connect-timeout-ms': '1s' },
      body: you,
      wanted: [400, 'invalid_argument'],
    },
    'Connect: a compression that is not known': {
      headers: { ...connectProto, 'content-encoding': 'br' },
      body: you,
      wanted: [501, 'unimplemented'],
    },
    'Connect: a message over the limit': {
      headers: connectProto,
      body: Buffer.alloc(20_001),
      wanted: [413, 'resource_exhausted'],
    },
    'Connect: a message over the limit once it is inflated': {
      headers: { ...connectProto, 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(10_000_000)),
      wanted: [413, 'resource_exhausted'],
    },
    'Connect: what is no gzip': {
      headers: { ...connectProto, 'content-encoding': 'gzip' },
      body: you,
      wanted: [400, 'invalid_argument'],
    },
    'another type on the path of a method': {
      headers: { 'content-type': 'image/png' },
      body: you,
      wanted: [415, 'unknown'],
    },
    'another verb on the path of a method': { method: 'DELETE', wanted: [405, 'unknown'] },
    'JSON that does not say to be Connect': {
      headers: { 'content-type': 'application/json' },
      body: '{}',
      wanted: [404, 5],
    },
  };
  for (const [name, { wanted, ...sent }] of Object.entries(rows)) {
    test(name, async () => {
      const { status, headers, body } = await send(server, sent);
      assert.equal(headers.get('content-type'), 'application/json');
      assert.deepEqual([status, JSON.parse(body.toString()).code], wanted);
    });
  }

  const inBody: Readonly<Record<string, Sent & { readonly wanted: RegExp }>> = {
    'gRPC-Web: an unknown method': {
      path: '/a.B/C',
      headers: grpcWeb,
      body: envelope(you),
      wanted: /grpc-status: 12\r\n/,
    },
    'gRPC-Web: no message': { headers: grpcWeb, body: '', wanted: /grpc-status: 12\r\n/ },
    'gRPC-Web: two messages': {
      headers: grpcWeb,
      body: Buffer.concat([envelope(you), envelope(you)]),
      wanted: /grpc-status: 12\r\n/,
    },
    'gRPC-Web: half a message': { headers: grpcWeb, body: envelope(you).subarray(0, 7), wanted: /grpc-status: 3\r\n/ },
    'gRPC-Web: trailers of a client': { headers: grpcWeb, body: envelope(you, 0x80), wanted: /grpc-status: 3\r\n/ },
    'gRPC-Web: compressed, but not said how': {
      headers: grpcWeb,
      body: envelope(gzipSync(you), 1),
      wanted: /grpc-status: 13\r\n/,
    },
    'gRPC-Web: a message over the limit': {
      headers: grpcWeb,
      body: envelope(Buffer.alloc(20_001)),
      wanted: /grpc-status: 8\r\n/,
    },
    'gRPC-Web: an announced length without end': {
      headers: grpcWeb,
      body: Buffer.from([0, 255, 255, 255, 255]),
      wanted: /grpc-status: 8\r\n/,
    },
    'Connect stream: an unknown method': {
      path: '/a.B/C',
      headers: connectStream,
      body: '',
      wanted: /"code":"unimplemented"/,
    },
    'Connect stream: end of stream from a client': {
      path: sayHellos,
      headers: connectStream,
      body: envelope(you, 2),
      wanted: /"code":"invalid_argument"/,
    },
  };
  for (const [name, { wanted, ...sent }] of Object.entries(inBody)) {
    test(name, async () => {
      const { status, body } = await send(server, sent);
      assert.equal(status, 200);
      assert.match(body.toString(), wanted);
    });
  }

  test('gRPC-Web as text: what is no base64', async () => {
    const { body } = await send(server, { headers: grpcWebText, body: 'AAAAAAMKA3lvd&==' });
    assert.match(Buffer.from(body.toString(), 'base64').toString(), /grpc-status: 3\r\n/);
  });
});

test('repeated metadata of a reply reach REST clients as well', async () => {
  const { headers } = await send(server, { method: 'GET', path: '/v1/hello/you' });
  assert.deepEqual([headers.get('x-part'), headers.get('grpc-trailer-x-end')], ['a, b', 'c, d']);
});

test('a request that is left over HTTP/2 is ended once the answer is there', async () => {
  const session = connectHttp2(server.url);
  const stream = session.request({ ':method': 'POST', ':path': '/a.B/C', ...connectStream });
  // Its end never comes.
  stream.write(envelope(you));
  let text = '';
  stream.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  await once(stream, 'close');
  assert.match(text, /"code":"unimplemented"/);
  assert.equal(stream.rstCode, 0);
  session.close();
});

for (const [name, headers] of Object.entries({ 'gRPC-Web': grpcWeb, Connect: connectStream })) {
  test(`${name}: a client that goes away cancels the call, and a slow one holds it back`, async (t) => {
    let sent = 0;
    let isGone = (): void => {};
    const cancelled = new Promise<void>((resolve) => {
      isGone = resolve;
    });
    const endless = await startScriptedUpstream({
      [sayHellos]: {
        raw: async (stream) => {
          stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
          stream.on('close', isGone);
          for (; !stream.closed; sent++) if (!stream.write(envelope(long))) await drained(stream);
        },
      },
    });
    t.after(() => endless.close());
    const { url } = await startAnother(t, { upstreams: [endless.target] });
    const leave = new AbortController();
    const reply = await fetch(url + sayHellos, { method: 'POST', headers, body: envelope(you), signal: leave.signal });
    await reply.body?.getReader().read();
    const before = await settled(() => sent);
    assert.ok(before > 1 && before < 5_000, `${before} messages were sent to somebody who reads none`);
    leave.abort();
    await cancelled;
  });
}

/** What the figure is once it has stopped growing. */
async function settled(figure: () => number): Promise<number> {
  for (;;) {
    const before = figure();
    await sleep(200);
    if (figure() === before) return before;
  }
}

async function startAnother(t: TestContext, more: TandemOptions, hooks: RpcHooks[] = []): Promise<RunningServer> {
  const other = await startServer({ ...options, upstreams: [upstream.target], ...more }, { hooks });
  t.after(() => other.close());
  return other;
}

describe('options', () => {
  test('protocols that are off are none', async (t) => {
    const other = await startAnother(t, { protocols: { connect: false, grpcWeb: false } });
    for (const headers of [connectJson, connectProto, grpcWeb]) {
      assert.equal((await send(other, { headers, body: you })).status, 404);
    }
  });

  test('a rule keeps its path: JSON is REST unless it says to be Connect', async (t) => {
    const other = await startAnother(t, {
      transcoding: { autoMapping: true, streamEnvelope: true },
      protos: ['test/protos/workshop'],
    });
    const path = '/test.workshop.v1.Workshop/Unruled';
    const rest = await send(other, { path, headers: { 'content-type': 'application/json' }, body: '{' });
    const connect = await send(other, { path, headers: connectJson, body: '{' });
    assert.deepEqual(
      [JSON.parse(rest.body.toString()).code, JSON.parse(connect.body.toString()).code],
      [3, 'invalid_argument'],
    );
  });

  test('hooks see the calls, and what they refuse is answered in the client’s protocol', async (t) => {
    const seen: string[] = [];
    const hooks: RpcHooks = {
      beforeBind: ({ protocol, method, binding, request }) => {
        seen.push(`${protocol} ${method.name} ${binding}`);
        if (request.headers['x-refuse'] !== undefined) throw new Error('a secret');
      },
      onEnd: (_rpc, { error, replyMessages }) => void seen.push(`${error?.codeName} ${replyMessages}`),
    };
    const other = await startAnother(t, {}, [hooks]);
    await send(other, { headers: connectProto, body: you });
    await send(other, { path: sayHellos, headers: grpcWeb, body: envelope(you) });
    const { status, body } = await send(other, { headers: { ...connectProto, 'x-refuse': '1' }, body: you });
    assert.deepEqual(
      [status, JSON.parse(body.toString())],
      [500, { code: 'internal', message: 'internal error', details: [] }],
    );
    assert.deepEqual(seen, [
      ...['connect SayHello undefined', 'undefined 1'],
      ...['grpc-web SayHellos undefined', 'undefined 2'],
      ...['connect SayHello undefined', 'INTERNAL 0'],
    ]);
  });
});

test('as a plugin, behind a prefix: the app’s hooks see the call, and refuse it in its protocol', async (t) => {
  const app = fastify();
  t.after(() => app.close());
  app.addHook('onRequest', async ({ rpc, headers }) => {
    if (rpc?.method === 'SayHello' && headers['x-refuse'])
      throw Object.assign(new Error('not you'), { statusCode: 403 });
  });
  await app.register(tandem, { prefix: '/api', protos: options.protos, upstreams: [upstream.target] });
  const ask = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: `/api${sayHello}`, headers: { ...connectJson, ...headers }, payload: '{}' });
  assert.deepEqual((await ask({})).json(), { message: 'hi' });
  const refused = await ask({ 'x-refuse': '1' });
  assert.deepEqual([refused.statusCode, refused.json().code], [403, 'permission_denied']);
});
