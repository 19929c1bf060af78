/**
 * What keeps an upstream up, seen by clients of the gateway; its servers are real ones of grpc-js.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoProtos, startDemo } from '../../src/demo/start-demo.ts';
import type { Readiness } from '../../src/gateway/gateway.ts';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { startServer } from '../../src/server/start-server.ts';
import { silence } from '../upstreams/faults.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

type UpstreamInput = Exclude<NonNullable<TandemOptions['upstreams']>[number], string>;

async function startGateway(t: TestContext, upstream: UpstreamInput): Promise<string> {
  const limits = { drain: '100ms' };
  const options = { protos: [demoProtos()], upstreams: [upstream], listen: { port: 0 }, limits };
  const server = await startServer(options);
  t.after(() => server.close());
  return server.url;
}

async function readiness(url: string): Promise<Readiness> {
  return (await (await fetch(`${url}/readyz`)).json()) as Readiness;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 5000; !(await isSo()); await sleep(5))
    assert.ok(performance.now() < end, 'in vain');
}

test('one of three servers is killed under load: every GET is answered', { timeout: 30_000 }, async (t) => {
  const demos = await Promise.all([startDemo(), startDemo(), startDemo()]);
  t.after(() => Promise.all(demos.map((demo) => demo.close().catch(() => {}))));
  const target = demos.map((demo) => demo.target);
  const url = await startGateway(t, { target, balancing: { policy: 'round_robin' } });
  const states = async (): Promise<string> =>
    String((await readiness(url)).upstreams[0]?.addresses.map(({ state }) => state));
  await until(async () => (await states()) === 'ready,ready,ready');
  const statuses = new Map<number, number>();
  let isDone = false;
  const worker = async (): Promise<void> => {
    while (!isDone) {
      const reply = await fetch(`${url}/v1/greeter/World`);
      await reply.text();
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    }
  };
  const workers = Promise.all(Array.from({ length: 8 }, worker));
  await sleep(100);
  await demos[1]?.close();
  await until(async () => (await states()) === 'ready,failing,ready');
  await sleep(100);
  isDone = true;
  await workers;
  assert.deepEqual([...statuses.keys()], [200]);
});

test('what is over the circuit breaker’s limit is told to come again', { timeout: 30_000 }, async (t) => {
  const upstream = await startScriptedUpstream({ '/example.Greeter/SayHello': silence });
  t.after(() => upstream.close());
  const url = await startGateway(t, { target: upstream.target, circuitBreaker: { maxRequests: 1 } });
  const leaving = new AbortController();
  const first = fetch(`${url}/v1/greeter/World`, { signal: leaving.signal }).catch(() => {});
  await until(async () => (await readiness(url)).upstreams[0]?.inFlight === 1);
  const second = await fetch(`${url}/v1/greeter/World`);
  assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '1']);
  const message = `upstream ${upstream.target} is overloaded: its limit of open calls, 1, is reached`;
  assert.equal(((await second.json()) as { message: string }).message, message);
  assert.equal((await readiness(url)).upstreams[0]?.overflows.requests, 1);
  leaving.abort();
  await first;
  await until(async () => (await readiness(url)).upstreams[0]?.inFlight === 0);
});

test('the timeout of a method ends a call whose client would wait', { timeout: 30_000 }, async (t) => {
  const upstream = await startScriptedUpstream({ '/example.Greeter/SayHello': silence });
  t.after(() => upstream.close());
  const methodConfig = [{ name: [{ service: 'example.Greeter', method: 'SayHello' }], timeout: '50ms' }];
  const url = await startGateway(t, { target: upstream.target, methodConfig });
  const reply = await fetch(`${url}/v1/greeter/World`, { headers: { 'grpc-timeout': '10S' } });
  assert.equal(reply.status, 504);
});

test('a method that no proto has cannot be configured', async (t) => {
  const methodConfig = [{ name: [{ service: 'example.Greeter', method: 'SayBye' }, { service: 'no.Such' }] }];
  await assert.rejects(startGateway(t, { target: '127.0.0.1:1', methodConfig }), (error: Error) => {
    const [method, service] = error.message.split('\n');
    assert.match(
      method ?? '',
      /^upstreams\[0\]\.methodConfig\[0\]\.name: example\.Greeter has no method SayBye; write one of /,
    );
    assert.match(
      service ?? '',
      /^upstreams\[0\]\.methodConfig\[0\]\.name: no proto has a service no\.Such; write one of /,
    );
    return true;
  });
});
