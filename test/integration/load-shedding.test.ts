/** Too much to do: who is turned away, who is not, and how it ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fastify from 'fastify';
import { limitConnections } from '../../src/server/connection-limit.ts';
import { protocols } from './protocol-calls.ts';
import { startSecure } from './security-fixture.ts';

/** The event loop is late at every turn until `work` is done. */
async function whileLate<T>(work: () => Promise<T>): Promise<T> {
  let isDone = false;
  const late = async (turns: number): Promise<void> => {
    for (let turn = 0; turn < turns && !isDone; turn++) {
      const end = performance.now() + 150;
      while (performance.now() < end);
      await nextTurn();
    }
  };
  await late(12);
  const working = work().finally(() => {
    isDone = true;
  });
  await Promise.all([working, late(Number.POSITIVE_INFINITY)]);
  return working;
}

for (const [name, call] of Object.entries(protocols)) {
  test(`${name}: UNAVAILABLE with what to wait for while the event loop is late, and no longer`, async (t) => {
    const { server, upstream } = await startSecure(t, {}, { limits: { eventLoopDelay: '10ms' } });
    const { code, headers, detailTypes } = await whileLate(() => call(server.url));
    assert.ok(code === 14 || code === 'unavailable', String(code));
    assert.equal(headers['retry-after'], '1');
    assert.deepEqual(detailTypes, ['google.rpc.RetryInfo']);
    assert.equal(upstream.calls.length, 0);
    while ((await call(server.url)).code !== 0);
  });
}

test('with a full heap calls are 503; probes and metrics are answered', async (t) => {
  // More than one per cent of the largest heap that Node takes by itself.
  const ballast = new Array(20_000_000).fill(0);
  const { server } = await startSecure(t, {}, { limits: { heapPercent: 1 }, observability: { metrics: true } });
  while ((await fetch(`${server.url}/ping`)).status !== 503);
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.equal((await fetch(server.url + path)).status, 200, path);
  }
  assert.equal((await fetch(`${server.url}/openapi.json`)).status, 503);
  const check = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  assert.equal((await fetch(`${server.url}/grpc.health.v1.Health/Check`, check)).status === 503, false);
  assert.equal(ballast.length, 20_000_000);
});

test('so many connections of an address, then no more until one ends', async (t) => {
  const app = fastify();
  t.after(() => app.close());
  const server = createServer((socket) => socket.write('welcome')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  limitConnections({ server, log: app.log }, 2, ['127.0.0.9/32']);
  const { port } = server.address() as { port: number };
  /** What the server says first, or that it hangs up. */
  const visit = async (localAddress = '127.0.0.1'): Promise<[string, Socket]> => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    const said = await Promise.race([once(socket, 'data').then(String), once(socket, 'close').then(() => 'closed')]);
    return [said, socket];
  };
  const [[first, socket], [second], [third]] = [await visit(), await visit(), await visit()];
  assert.deepEqual([first, second, third], ['welcome', 'welcome', 'closed']);
  assert.equal((await visit('127.0.0.2'))[0], 'welcome');
  for (const _ of [1, 2, 3]) assert.equal((await visit('127.0.0.9'))[0], 'welcome');
  socket.destroy();
  while ((await visit())[0] !== 'welcome');
});
