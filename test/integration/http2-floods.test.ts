/** Clients that flood a connection of HTTP/2 with what costs them nothing: it ends, others are served, and few calls go upstream. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { startServer } from '../../src/server/start-server.ts';
import { h2, literals } from '../upstreams/raw-peer.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), h2(4, 0, 0)]);
const request = literals({ ':method': 'POST', ':scheme': 'http', ':path': '/v1/echo', ':authority': 'a' });
const cancel = [0, 0, 0, 8];

/** What is sent for the nth time, and how many of them at most. */
interface Flood {
  readonly frames: (n: number) => Buffer;
  readonly atMost: number;
}

const floods: Readonly<Record<string, Flood>> = {
  'rapid reset': {
    frames: (n) => Buffer.concat([h2(1, 5, 2 * n + 1, request), h2(3, 0, 2 * n + 1, cancel)]),
    atMost: 200_000,
  },
  'empty CONTINUATION': {
    frames: (n) => (n === 0 ? h2(1, 0, 1, request) : h2(9, 0, 1)),
    atMost: 20_000,
  },
  'CONTINUATION with headers': {
    frames: (n) => (n === 0 ? h2(1, 0, 1, request) : h2(9, 0, 1, literals({ [`x-${n}`]: 'y'.repeat(1000) }))),
    atMost: 2_000,
  },
  SETTINGS: { frames: () => h2(4, 0, 0), atMost: 200_000 },
  PING: { frames: () => h2(6, 0, 0, new Uint8Array(8)), atMost: 200_000 },
};

const BURST = 100;

/** Sends frames until the connection takes no more, at most `atMost`. */
async function flood(socket: Socket, closed: Promise<void>, { frames, atMost }: Flood): Promise<number> {
  let sent = 0;
  while (sent < atMost && !socket.destroyed) {
    const burst = Array.from({ length: BURST }, (_, index) => frames(sent + index));
    sent += BURST;
    if (socket.write(Buffer.concat(burst))) await turn();
    else await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
  }
  return sent;
}

for (const [name, kind] of Object.entries(floods)) {
  test(`a flood of ${name}`, async (t: TestContext) => {
    let calls = 0;
    const upstream = await startScriptedUpstream({
      '/test.Echo/Unary': () => {
        calls++;
        return { messages: [new Uint8Array()] };
      },
    });
    t.after(() => upstream.close());
    const server = await startServer({
      protos: ['test/protos/echo.proto'],
      upstreams: [upstream.target],
      listen: { port: 0 },
      limits: { drain: '100ms', http2Idle: '500ms' },
    });
    t.after(() => server.close());
    const before = process.memoryUsage().rss;
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    // Its end may be a reset, which is no failure here: `once` would reject.
    const closed = new Promise<void>((resolve) => socket.on('error', () => {}).once('close', () => resolve()));
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.resume().write(preface);
    const headers = { 'content-type': 'application/json' };
    const bystander = async (): Promise<number> => {
      const response = await fetch(`${server.url}/v1/echo`, { method: 'POST', headers, body: '{"data":"aGk="}' });
      await response.arrayBuffer();
      return response.status;
    };
    const flooding = flood(socket, closed, kind);
    const statuses = [];
    for (let call = 0; call < 10; call++) statuses.push(await bystander());
    const sent = await flooding;
    assert.deepEqual(statuses, Array(10).fill(200));
    assert.ok(calls <= 2000, `${calls} calls`);
    const grown = Math.round((process.memoryUsage().rss - before) / 2 ** 20);
    t.diagnostic(`${sent} sent, ended: ${socket.destroyed}, ${calls} calls, ${grown} MB more`);
    // What has not ended by then is idle, and is ended for that.
    await closed;
  });
}
