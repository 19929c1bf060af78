/** Calls over WebSockets: the ws client and raw sockets in front, a scripted gRPC server behind. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import fastifyWebsocket from '@fastify/websocket';
import fastify, { type FastifyInstance } from 'fastify';
import WebSocket, { WebSocketServer } from 'ws';
import { tandem } from '../../src/server/plugin.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { GrpcCode } from '../../src/status/code.ts';
import { StatusError } from '../../src/status/status-error.ts';
import { createMessages, type Messages } from '../upstreams/messages.ts';
import {
  drained,
  frame,
  messagesOf,
  type ScriptedUpstream,
  startScriptedUpstream,
} from '../upstreams/scripted-upstream.ts';
import { sendRaw } from './send-raw.ts';

const service = '/test.rooms.Rooms';
let upstream: ScriptedUpstream;
let server: RunningServer;
let messages: Messages;

before(async () => {
  upstream = await startScriptedUpstream();
  server = await startServer({
    protos: ['test/protos/rooms.proto'],
    upstreams: [upstream.target],
    limits: { bodyBytes: 1000, streamIdle: '2s', requestTimeout: '200ms' },
    transcoding: { heartbeat: '50ms', webSocketOrigins: ['https://app.example'] },
    listen: { host: '127.0.0.1', port: 0 },
  });
  messages = createMessages(server.gateway.generation.schema);
});
after(async () => {
  await server?.close();
  await upstream.close();
});

const line = (json: object): Uint8Array => messages.toWire('test.rooms.Line', json);
const lines = (...texts: string[]): readonly Uint8Array[] => texts.map((text) => line({ text }));
const lastCall = (type: string): readonly unknown[] =>
  upstream.calls.at(-1)?.messages.map((each) => messages.toJson(`test.rooms.${type}`, each)) ?? [];

interface Session {
  readonly socket: WebSocket;
  /** Text frames parsed as JSON, binary ones as they are. */
  readonly frames: AsyncIterator<unknown>;
  /** How it closed. */
  readonly closed: Promise<readonly [code: number, reason: string]>;
  readonly all: () => Promise<readonly unknown[]>;
}

async function open(
  path: string,
  options: { protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<Session> {
  const url = `${server.url.replace('http', 'ws')}${path}`;
  const socket = new WebSocket(url, options.protocols ?? [], { headers: options.headers ?? {} });
  const seen: unknown[] = [];
  let wake = (): void => {};
  socket.on('message', (data: Buffer, isBinary) => {
    seen.push(isBinary ? data : JSON.parse(data.toString()));
    wake();
  });
  const closed = once(socket, 'close').then(([code, reason]) => [code, String(reason)] as const);
  void closed.then(() => wake());
  async function* read(): AsyncGenerator<unknown> {
    for (;;) {
      if (seen.length > 0) yield seen.shift();
      else if (socket.readyState === WebSocket.CLOSED) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const frames = read();
  await once(socket, 'open');
  const all = async (): Promise<readonly unknown[]> => {
    const rest: unknown[] = [];
    for await (const each of { [Symbol.asyncIterator]: () => frames }) rest.push(each);
    return rest;
  };
  return { socket, frames, closed, all };
}

/** An upstream that answers each message with what `reply` makes of it. */
function echo(reply: (message: Uint8Array) => Uint8Array | undefined) {
  return {
    raw: async (stream: ServerHttp2Stream): Promise<void> => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      try {
        for await (const message of messagesOf(stream)) {
          const answer = reply(message);
          if (answer !== undefined) stream.write(frame(answer));
        }
        stream.end();
      } catch {
        // The call was cancelled.
      }
    },
  };
}

describe('what flows', () => {
  test('a stream of replies to what the path and the query say', async () => {
    upstream.script(`${service}/Watch`, { messages: lines('a', 'b') });
    const session = await open('/v1/rooms/red/lines?limit=2');
    assert.deepEqual(await session.all(), [{ text: 'a' }, { text: 'b' }]);
    assert.deepEqual(await session.closed, [1000, '']);
    assert.deepEqual(lastCall('Room'), [{ name: 'red', limit: 2 }]);
  });

  test('a stream of replies to the first frame', async () => {
    upstream.script(`${service}/Search`, { messages: lines('a') });
    const session = await open('/v1/rooms/red/lines:search');
    session.socket.send('{"text":"x"}');
    assert.deepEqual(await session.all(), [{ text: 'a' }]);
    assert.deepEqual(lastCall('Line'), [{ room: 'red', text: 'x' }]);
  });

  test('an empty first frame is an empty body', async () => {
    upstream.script(`${service}/Search`, { messages: [] });
    const session = await open('/v1/rooms/red/lines:search');
    session.socket.send('');
    assert.deepEqual(await session.closed, [1000, '']);
    assert.deepEqual(lastCall('Line'), [{ room: 'red' }]);
  });

  test('a stream of requests, ended by an empty frame, and one reply', async () => {
    upstream.script(`${service}/Collect`, { messages: [messages.toWire('test.rooms.Room', { limit: 2 })] });
    const session = await open('/v1/rooms/red/lines:collect');
    for (const text of ['{"text":"a"}', ' {"text":"b"}\n', '']) session.socket.send(text);
    assert.deepEqual(await session.all(), [{ limit: 2 }]);
    assert.deepEqual(await session.closed, [1000, '']);
    assert.deepEqual(lastCall('Line'), [{ room: 'red', text: 'a' }, { text: 'b' }]);
  });

  test('both ways, in step', async () => {
    upstream.script(
      `${service}/Talk`,
      echo((message) => message),
    );
    const session = await open('/v1/rooms/red:talk');
    for (const number of [1, 2, 3]) {
      session.socket.send(JSON.stringify({ number }));
      const { value } = await session.frames.next();
      assert.deepEqual(value, number === 1 ? { room: 'red', number } : { number });
    }
    session.socket.send('');
    assert.deepEqual(await session.closed, [1000, '']);
  });

  test('bytes both ways, in binary frames', async () => {
    upstream.script(
      `${service}/Record`,
      echo((message) => message),
    );
    const session = await open('/v1/record', { headers: { 'content-type': 'audio/ogg' } });
    session.socket.send(Buffer.from('abc'));
    assert.deepEqual((await session.frames.next()).value, Buffer.from('abc'));
    session.socket.send(Buffer.alloc(0));
    assert.deepEqual(await session.closed, [1000, '']);
  });

  test('one message a frame, whatever size', async () => {
    upstream.script(`${service}/Watch`, { messages: lines('x'.repeat(200_000), '', 'y') });
    const frames = await (await open('/v1/rooms/red/lines')).all();
    assert.deepEqual(frames, [{ text: 'x'.repeat(200_000) }, {}, { text: 'y' }]);
  });

  test('pings keep it open', async () => {
    upstream.script(`${service}/Watch`, { raw: (stream) => void stream.resume() });
    const { socket } = await open('/v1/rooms/red/lines');
    await once(socket, 'ping');
    socket.terminate();
  });
});

describe('errors', () => {
  const failing = { code: 5, message: 'no such room', messages: [] };
  test('are told in a last frame and in the close code', async () => {
    upstream.script(`${service}/Watch`, { ...failing, messages: lines('a') });
    const session = await open('/v1/rooms/red/lines');
    const error = { code: 5, message: 'no such room', details: [] };
    assert.deepEqual(await session.all(), [{ text: 'a' }, { error }]);
    assert.deepEqual(await session.closed, [4005, 'no such room']);
  });

  test('before any message, too', async () => {
    upstream.script(`${service}/Watch`, { isEarly: true, code: 7, message: 'ü'.repeat(100) });
    const session = await open('/v1/rooms/red/lines');
    assert.equal((await session.all()).length, 1);
    assert.deepEqual(await session.closed, [4007, 'ü'.repeat(61)]);
  });

  const bad: readonly (readonly [what: string, sent: (string | Buffer)[], message: RegExp])[] = [
    ['no JSON', ['{}', 'nope'], /^\[1\]/],
    ['two values in a frame', ['{} {}'], /^\[0\]/],
    ['an unknown field', ['{"nope":1}'], /^\[0\]\.nope: /],
    ['a binary frame for JSON', [Buffer.from('{}')], /text frame/],
  ];
  for (const [what, sent, message] of bad) {
    test(`of the client: ${what}`, async () => {
      upstream.script(
        `${service}/Talk`,
        echo(() => undefined),
      );
      const session = await open('/v1/rooms/red:talk');
      for (const each of sent) session.socket.send(each);
      const [frame] = (await session.all()) as { error: { code: number; message: string } }[];
      assert.equal(frame?.error.code, 3);
      assert.match(frame?.error.message ?? '', message);
      assert.equal((await session.closed)[0], 4003);
    });
  }

  test('a message over the limit', async () => {
    upstream.script(
      `${service}/Talk`,
      echo(() => undefined),
    );
    const session = await open('/v1/rooms/red:talk');
    session.socket.send(JSON.stringify({ text: 'x'.repeat(2000) }));
    assert.equal((await session.closed)[0], 1009);
  });

  test('a first frame that does not come', async () => {
    const session = await open('/v1/rooms/red/lines:search');
    assert.deepEqual(await session.closed, [4004, 'the message did not arrive within 0.2 s']);
  });

  test('a stream in which nothing moves', async () => {
    upstream.script(`${service}/Watch`, { raw: (stream) => void stream.resume() });
    const session = await open('/v1/rooms/red/lines');
    assert.deepEqual(await session.closed, [4004, 'nothing moved in the stream for 2 s']);
  });
});

describe('going away', () => {
  test('a client that closes cancels the call', async () => {
    const cancelled = new Promise<number | undefined>((resolve) => {
      upstream.script(`${service}/Talk`, {
        raw: (stream) => void stream.on('close', () => resolve(stream.rstCode)).resume(),
      });
    });
    const session = await open('/v1/rooms/red:talk');
    session.socket.send('{}', () => setImmediate(() => session.socket.close(1000)));
    assert.equal(await cancelled, 8);
    assert.equal((await session.closed)[0], 1000);
  });

  test('a client that reads slowly slows the upstream', async () => {
    let written = 0;
    let isHeld: () => void = () => {};
    const held = new Promise<void>((resolve) => (isHeld = resolve));
    upstream.script(`${service}/Watch`, {
      raw: async (stream) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
        const message = frame(line({ text: 'x'.repeat(100_000) }));
        while (!stream.destroyed && written < 2_000) {
          written++;
          if (stream.write(message)) continue;
          const timer = setTimeout(isHeld, 500);
          await drained(stream);
          clearTimeout(timer);
        }
        isHeld();
      },
    });
    const session = await open('/v1/rooms/red/lines');
    session.socket.pause();
    await held;
    assert.ok(written < 1_000, `${written} messages of 100 kB written to a client that reads none`);
    session.socket.terminate();
  });

  test('an upstream that reads slowly slows the client', async () => {
    upstream.script(`${service}/Talk`, { raw: () => {} });
    const session = await open('/v1/rooms/red:talk');
    const text = JSON.stringify({ text: 'x'.repeat(900) });
    let sent = 0;
    for (; sent < 100_000; sent++) {
      session.socket.send(text);
      if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (session.socket.bufferedAmount > 1_000_000) break;
    }
    assert.ok(sent < 100_000, 'the client was held');
    session.socket.terminate();
  });
});

describe('the handshake', () => {
  const key = randomBytes(16).toString('base64');
  const asking = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
  };
  const refusals: readonly (readonly [string, string, Record<string, string>, status: number, message: RegExp])[] = [
    ['a method without streams', '/v1/rooms/red', {}, 400, /Rooms.Get has no streams.* call it by GET/],
    ['a path without a rule', '/v1/nothing', {}, 404, /no rule serves GET/],
    ['a malformed path', '/v1/rooms/%zz/lines', {}, 400, /malformed/],
    ['another version', '/v1/rooms/red/lines', { 'sec-websocket-version': '12' }, 426, /Version: 13/],
    ['a bad key', '/v1/rooms/red/lines', { 'sec-websocket-key': 'x' }, 400, /16 bytes/],
    ['bad subprotocols', '/v1/rooms/red/lines', { 'sec-websocket-protocol': 'a,a' }, 400, /each once/],
  ];
  for (const [what, target, headers, status, message] of refusals) {
    test(`is refused for ${what}`, async () => {
      const reply = await sendRaw(server.url, { method: 'GET', target, headers: { ...asking, ...headers } });
      assert.equal(reply.status, status);
      assert.match(JSON.parse(reply.body.toString()).message, message);
      assert.equal(reply.headers.connection, 'close');
    });
  }

  const origins: readonly (readonly [headers: Record<string, string>, isTaken: boolean])[] = [
    [{ origin: 'https://other.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: 'http://here.example:81', host: 'here.example' }, false],
    [{ origin: 'https://other.example', authorization: 'Basic YTpi' }, false],
    // Nobody here verifies it, so that it may be anything.
    [{ origin: 'https://other.example', authorization: 'Bearer T' }, false],
    [{ origin: 'http://here.example:81', host: 'Here.example:81' }, true],
    [{ origin: 'https://app.example' }, true],
    [{}, true],
  ];
  for (const [headers, isTaken] of origins) {
    test(`from a page: ${JSON.stringify(headers)}`, async () => {
      upstream.script(`${service}/Watch`, { messages: [] });
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/rooms/red/lines`, { headers });
      const opened = once(socket, 'open').then(() => 101);
      const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode);
      socket.on('error', () => {});
      assert.equal(await Promise.race([opened, refused]), isTaken ? 101 : 403);
      socket.terminate();
    });
  }

  const protocols: readonly (readonly [offered: string[], chosen: string, authorization: string | undefined])[] = [
    [['bearer', 'TOKEN'], 'bearer', 'Bearer TOKEN'],
    [['mine', 'Bearer', 'a.b-c'], 'mine', 'Bearer a.b-c'],
    [['mine', 'other'], 'mine', undefined],
    [['bearer'], 'bearer', undefined],
  ];
  for (const [offered, chosen, authorization] of protocols) {
    test(`subprotocols ${offered}`, async () => {
      upstream.script(`${service}/Watch`, { messages: [] });
      const session = await open('/v1/rooms/red/lines', { protocols: offered });
      assert.equal(session.socket.protocol, chosen);
      await session.closed;
      assert.equal(upstream.calls.at(-1)?.headers['authorization'], authorization);
    });
  }

  test('a header is stronger than a subprotocol', async () => {
    upstream.script(`${service}/Watch`, { messages: [] });
    const headers = { authorization: 'Bearer header' };
    await (await open('/v1/rooms/red/lines', { protocols: ['bearer', 'T'], headers })).closed;
    assert.equal(upstream.calls.at(-1)?.headers['authorization'], 'Bearer header');
  });

  test('hooks may refuse it, and see what it is', async () => {
    let protocol: string | undefined;
    let refuses = true;
    server.gateway.addHooks({
      beforeBind: (rpc) => {
        protocol = rpc.protocol;
        if (refuses) throw new StatusError(GrpcCode.UNAUTHENTICATED, 'who are you?');
      },
    });
    const reply = await sendRaw(server.url, { method: 'GET', target: '/v1/rooms/red/lines', headers: asking });
    refuses = false;
    assert.equal(reply.status, 401);
    assert.equal(protocol, 'websocket');
  });

  test('an upgrade to anything else is served without it, body and all', async () => {
    upstream.script(`${service}/Get`, { messages: [messages.toWire('test.rooms.Room', { name: 'red' })] });
    upstream.script(`${service}/Search`, { messages: lines('a') });
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
    const get = await sendRaw(server.url, { method: 'GET', target: '/v1/rooms/red', headers });
    assert.deepEqual(JSON.parse(get.body.toString()), { name: 'red' });
    const target = '/v1/rooms/red/lines:search';
    const post = await sendRaw(server.url, { method: 'POST', target, headers, body: { text: 'x'.repeat(500) } });
    assert.deepEqual(JSON.parse(post.body.toString()), [{ text: 'a' }]);
    assert.deepEqual(lastCall('Line'), [{ room: 'red', text: 'x'.repeat(500) }]);
  });
});

describe('raw sockets', () => {
  async function upgraded(target: string, behind: Uint8Array = Buffer.alloc(0)): Promise<Socket> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => {});
    const head = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(head), behind]));
    return socket;
  }
  async function bytesOf(socket: Socket): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  /** A masked frame, as a client must send it. */
  function masked(opcode: number, payload: string): Buffer {
    const mask = [1, 2, 3, 4];
    const bytes = Buffer.from(payload).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | bytes.length, ...mask]), bytes]);
  }

  const faults: readonly (readonly [what: string, bytes: Buffer, closeCode: number])[] = [
    ['an unmasked frame', Buffer.from([0x81, 2, 0x7b, 0x7d]), 1002],
    ['a reserved opcode', Buffer.from([0x83, 0x80, 1, 2, 3, 4]), 1002],
    ['a reserved bit', Buffer.from([0xc1, 0x80, 1, 2, 3, 4]), 1002],
    ['text that is not UTF-8', Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]), 1007],
    ['a length over the limit', Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]), 1009],
  ];
  for (const [what, bytes, closeCode] of faults) {
    test(`${what} ends it with ${closeCode}`, async () => {
      const ended = new Promise<void>((resolve) => {
        upstream.script(`${service}/Talk`, { raw: (stream) => void stream.on('close', () => resolve()).resume() });
      });
      const socket = await upgraded('/v1/rooms/red:talk', Buffer.concat([masked(1, '{}'), bytes]));
      const reply = await bytesOf(socket);
      const close = reply.subarray(reply.indexOf('\r\n\r\n') + 4);
      assert.deepEqual([close[0], close.readUInt16BE(2)], [0x88, closeCode]);
      await ended;
    });
  }

  test('a frame that comes with the handshake, in pieces', async () => {
    upstream.script(`${service}/Collect`, { messages: [messages.toWire('test.rooms.Room', { limit: 1 })] });
    const bytes = Buffer.concat([masked(1, '{"text":"a"}'), masked(1, '')]);
    const socket = await upgraded('/v1/rooms/red/lines:collect', bytes.subarray(0, 5));
    for (const byte of bytes.subarray(5)) socket.write(Buffer.of(byte));
    let reply = '';
    for await (const chunk of socket) {
      reply += chunk.toString('latin1');
      if (reply.includes('{"limit":1}')) break;
    }
    assert.match(reply, /^HTTP\/1\.1 101 /);
  });

  test('a client that is gone at once', async () => {
    upstream.script(`${service}/Watch`, { messages: lines('a') });
    (await upgraded('/v1/rooms/red/lines')).destroy();
    const session = await open('/v1/rooms/red/lines');
    assert.deepEqual(await session.all(), [{ text: 'a' }]);
  });
});

describe('in an app of its own', () => {
  /** An app with the plugin and what `build` adds, listening. */
  async function start(t: TestContext, build: (app: FastifyInstance) => unknown): Promise<string> {
    const app = fastify();
    t.after(() => app.close());
    await build(app);
    await app.register(tandem, { protos: ['test/protos/rooms.proto'], upstreams: [upstream.target], prefix: '/api' });
    return (await app.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws');
  }

  test("the app's hooks see the call, and may refuse the WebSocket", async (t) => {
    upstream.script(`${service}/Watch`, { messages: lines('a') });
    let rpc: string | undefined;
    const url = await start(t, (app) => {
      app.addHook('onRequest', async (request, reply) => {
        rpc = request.rpc?.method;
        if (request.headers['x-key'] !== 'mine') await reply.code(403).send({ own: 'refused' });
      });
    });
    const [, refusal] = await once(new WebSocket(`${url}/api/v1/rooms/red/lines`), 'unexpected-response');
    assert.equal(refusal.statusCode, 403);
    assert.equal(rpc, 'Watch');
    const socket = new WebSocket(`${url}/api/v1/rooms/red/lines`, { headers: { 'x-key': 'mine' } });
    const [data] = await once(socket, 'message');
    assert.equal(String(data), '{"text":"a"}');
  });

  test("the app's other WebSockets stay its own", async (t) => {
    upstream.script(`${service}/Watch`, { messages: lines('a') });
    const others = new WebSocketServer({ noServer: true });
    const url = await start(t, (app) => {
      app.server.on('upgrade', (request, socket, head) => {
        if (request.url === '/own') others.handleUpgrade(request, socket, head, (own) => own.close(3000, 'own'));
      });
    });
    assert.equal((await once(new WebSocket(`${url}/own`), 'close'))[0], 3000);
    assert.equal(String((await once(new WebSocket(`${url}/api/v1/rooms/red/lines`), 'message'))[0]), '{"text":"a"}');
  });

  test('@fastify/websocket beside it', async (t) => {
    upstream.script(`${service}/Watch`, { messages: lines('a') });
    const url = await start(t, async (app) => {
      await app.register(fastifyWebsocket);
      app.get('/own', { websocket: true }, (socket) => socket.close(3000, 'own'));
    });
    assert.equal((await once(new WebSocket(`${url}/own`), 'close'))[0], 3000);
    const socket = new WebSocket(`${url}/api/v1/rooms/red/lines`);
    const closed = once(socket, 'close');
    assert.equal(String((await once(socket, 'message'))[0]), '{"text":"a"}');
    assert.equal((await closed)[0], 1000);
  });

  test('an app that closes does not wait for WebSockets longer than calls have', async (t) => {
    upstream.script(`${service}/Watch`, { raw: (stream) => void stream.resume() });
    const app = fastify();
    await app.register(tandem, {
      protos: ['test/protos/rooms.proto'],
      upstreams: [upstream.target],
      limits: { drain: '100ms' },
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/rooms/red/lines`);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    await app.close();
  });
});

test('over TLS', async (t) => {
  upstream.script(`${service}/Watch`, { messages: lines('a') });
  upstream.script(`${service}/Get`, { messages: [messages.toWire('test.rooms.Room', { name: 'red' })] });
  const tls = { cert: 'test/fixtures/tls/server.crt', key: 'test/fixtures/tls/server.key' };
  const listen = { host: '127.0.0.1', port: 0, tls };
  const secure = await startServer({ protos: ['test/protos/rooms.proto'], upstreams: [upstream.target], listen });
  t.after(() => secure.close());
  const url = secure.url.replace('https', 'wss');
  const socket = new WebSocket(`${url}/v1/rooms/red/lines`, { rejectUnauthorized: false });
  assert.equal(String((await once(socket, 'message'))[0]), '{"text":"a"}');
  const headers = { connection: 'Upgrade', upgrade: 'h2c' };
  const other = httpsRequest(`${secure.url}/v1/rooms/red`, { headers, rejectUnauthorized: false }).end();
  const [response] = await once(other, 'response');
  assert.equal(String((await response.toArray())[0]), '{"name":"red"}');
});
