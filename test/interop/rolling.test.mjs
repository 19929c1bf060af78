// Two replicas behind HAProxy, replaced one after the other under load: no request may fail. Outside `npm test` since it needs
// haproxy:
//
//     npm run rolling
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDemo } from '../../dist/demo/start-demo.js';
import { startProcess, startTandem } from '../../scripts/start-process.mjs';
import { startLoad } from './rolling-load.mjs';

const requests = 20_000;
const limits = { lameDuck: 1_000, drain: 3_000 };
// Of a busy machine: far from the minute that the streams would go on.
const slackMs = 10_000;

function hasHaproxy() {
  try {
    execFileSync('haproxy', ['-v']);
    return true;
  } catch {
    return false;
  }
}
const skip = !process.env.CI && !hasHaproxy() && 'there is no haproxy';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One balancer by connection, which passes everything on, and one by request, which keeps connections of its own. */
function haproxyConfig({ tcp, http, stats }, replicas) {
  const servers = replicas.map(
    (port, index) => `  server replica${index} 127.0.0.1:${port} check inter 100ms fall 1 rise 1`,
  );
  const backend = (mode) => [
    `backend ${mode}-replicas`,
    `  mode ${mode}`,
    '  balance roundrobin',
    '  option httpchk GET /readyz',
    '  http-check expect status 200',
    ...servers,
  ];
  const frontend = (mode, port) => [
    `frontend ${mode}`,
    `  mode ${mode}`,
    `  bind 127.0.0.1:${port}`,
    `  default_backend ${mode}-replicas`,
  ];
  const timeouts = { connect: '2s', check: '2s', client: '60s', server: '60s' };
  const defaults = ['defaults', ...Object.entries(timeouts).map(([name, time]) => `  timeout ${name} ${time}`)];
  const page = ['frontend stats', '  mode http', `  bind 127.0.0.1:${stats}`, '  stats enable', '  stats uri /'];
  return [defaults, frontend('tcp', tcp), frontend('http', http), backend('tcp'), backend('http'), page]
    .flat()
    .join('\n');
}

async function startReplica(port, upstream) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-rolling-'));
  const config = join(folder, 'tandem.yaml');
  const durations = Object.fromEntries(Object.entries(limits).map(([name, ms]) => [name, `${ms}ms`]));
  writeFileSync(
    config,
    JSON.stringify({ protos: [resolve('protos/example')], upstreams: [upstream], limits: durations }),
  );
  const replica = await startTandem(['--config', config], { port });
  rmSync(folder, { recursive: true });
  return replica;
}

/** Sends it the signals, and gives its exit code with the time that it took to end. */
async function endOf({ pid, exit }, signals = ['SIGTERM']) {
  const start = performance.now();
  for (const signal of signals) {
    process.kill(pid, signal);
    await sleep(200);
  }
  return { code: await exit, ms: Math.round(performance.now() - start) };
}

/** Resolves once both balancers have found both replicas ready; its page comes a moment after its first line. */
async function untilUp(stats) {
  for (;;) {
    const page = await fetch(`http://127.0.0.1:${stats}/;csv`).catch(() => undefined);
    const rows = (await page?.text())?.split('\n') ?? [];
    if (rows.filter((row) => /^\w+-replicas,replica\d,.*,(UP|L7OK),/.test(row)).length === 4) return;
    await sleep(50);
  }
}

async function startFleet(t) {
  const upstream = await startDemo();
  t.after(() => upstream.close());
  const [tcp, http, stats, first, second] = await Promise.all(Array.from({ length: 5 }, freePort));
  const ports = [first, second];
  const replicas = await Promise.all(ports.map((port) => startReplica(port, upstream.target)));
  t.after(() => Promise.all(replicas.map((replica) => replica.stop())));
  const folder = mkdtempSync(join(tmpdir(), 'tandem-haproxy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'haproxy.cfg');
  writeFileSync(config, `${haproxyConfig({ tcp, http, stats }, ports)}\n`);
  const balancer = await startProcess('haproxy', ['-V', '-f', config], { ready: /^Using /m });
  t.after(() => balancer.stop());
  await untilUp(stats);
  const replace = async (index) => {
    const end = await endOf(replicas[index]);
    replicas[index] = await startReplica(ports[index], upstream.target);
    await untilUp(stats);
    return end;
  };
  return { tcp, http, ports, replicas, replace };
}

test('replicas are replaced one after the other without a failed request', { skip }, async (t) => {
  const { tcp, http, replace } = await startFleet(t);
  const load = startLoad({ tcp, http });
  const ends = [];
  while (load.count() < requests || ends.length < 4) ends.push(await replace(ends.length % 2));
  const { counts, failures } = await load.stop();
  t.diagnostic(
    `${JSON.stringify(counts)}; ${ends.length} replacements, exits after ${ends.map(({ ms }) => ms).join(', ')} ms`,
  );
  assert.deepEqual(failures, []);
  for (const { code, ms } of ends) {
    assert.equal(code, 0);
    assert.ok(ms <= limits.lameDuck + limits.drain + slackMs, `${ms} ms`);
  }
});

test('a call that does not end is given the drain, and nothing after a second signal', { skip }, async (t) => {
  const { ports, replicas } = await startFleet(t);
  const open = ports.map(async (port) => {
    const reply = await fetch(`http://127.0.0.1:${port}/v1/shelves/fiction/books:stream?interval=60s`);
    return { reply, text: reply.text().catch(() => 'broken') };
  });
  await Promise.all(open);
  const [patient, hasty] = await Promise.all([endOf(replicas[0]), endOf(replicas[1], ['SIGTERM', 'SIGTERM'])]);
  t.diagnostic(`exits after ${patient.ms} ms and ${hasty.ms} ms`);
  assert.equal(patient.code, 0);
  const limit = limits.lameDuck + limits.drain;
  assert.ok(patient.ms >= limit - 100 && patient.ms <= limit + slackMs, `${patient.ms} ms`);
  assert.equal(hasty.code, 143);
  assert.ok(hasty.ms < limits.drain, `${hasty.ms} ms`);
});
