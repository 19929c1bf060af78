import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SchemaError } from '../../../src/schema/problem.ts';
import { parseTargets } from '../../../src/upstream/target.ts';
import { createUpstreams, type UpstreamConfig } from '../../../src/upstream/upstreams.ts';
import { startScriptedUpstream } from '../../upstreams/scripted-upstream.ts';

const upstream = (target: string, ...services: string[]): UpstreamConfig => ({
  target: parseTargets(target),
  services,
});

test('an upstream serves the services it names, one without names serves the rest', async (t) => {
  const upstreams = await createUpstreams([upstream('a:1', 'p.A', 'p.B'), upstream('c:1'), upstream('d:1', 'p.D')]);
  t.after(() => upstreams.close());
  const served = ['p.A', 'p.B', 'p.D', 'p.Other'].map((name) => upstreams.forService(name)?.target);
  assert.deepEqual(served, ['a:1', 'a:1', 'd:1', 'c:1']);
});

test('a service that no upstream serves', async (t) => {
  const upstreams = await createUpstreams([upstream('a:1', 'p.A')]);
  t.after(() => upstreams.close());
  assert.equal(upstreams.forService('p.B'), undefined);
});

test('upstreams that serve the same are told all at once', async () => {
  const configs = [upstream('a:1'), upstream('b:1', 'p.B'), upstream('c:1', 'p.B'), upstream('d:1')];
  const messages = [
    'b:1 and c:1 both serve p.B: name it for one of them',
    'a:1 and d:1 both serve every service: name the services of one of them',
  ];
  const problems = messages.map((message) => ({ position: undefined, subject: 'upstreams', message }));
  await assert.rejects(createUpstreams(configs), new SchemaError(problems));
});

test('the status follows the connections', async (t) => {
  const server = await startScriptedUpstream();
  const upstreams = await createUpstreams([upstream(server.target, 'p.A')]);
  // An idle connection does not keep the process alive.
  const alive = setInterval(() => {}, 1000);
  t.after(() => {
    clearInterval(alive);
    return upstreams.close();
  });
  const counters = { connections: 0, pending: 0, connectFailures: 0 };
  const calls = { inFlight: 0, health: 'unwatched', isEjected: false, ejections: 0 };
  assert.deepEqual(upstreams.status, [
    {
      target: server.target,
      services: ['p.A'],
      transport: 'http2',
      state: 'idle',
      inFlight: 0,
      pending: 0,
      retries: 0,
      retriesThrottled: 0,
      overflows: { requests: 0, pending: 0, pendingTimeouts: 0 },
      addresses: [{ address: server.target, state: 'idle', ...counters, ...calls }],
    },
  ]);
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      const stop = upstreams.onChange(() => {
        stop();
        resolve();
      });
    });
  upstreams.connect();
  while (upstreams.status[0]?.state !== 'ready') await changed();
  const lost = changed();
  await server.close();
  await lost;
  assert.notEqual(upstreams.status[0]?.state, 'ready');
});
