/** Upstreams that die, halt, slow down, send their clients away or show another certificate. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningServer } from '../../src/server/start-server.ts';
import type { ScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import type { UpstreamProcess } from './ledger-upstream.ts';
import { assertFewReads, butMostReads, type Fault, type Stage, seconds, type UpstreamInput, until } from './stage.ts';

const workers = 8;

export const upstreamFaults: readonly Fault[] = [
  { name: 'the only upstream killed, and back', run: onlyKilled },
  { name: 'one of three upstreams killed, and back', run: oneKilled },
  { name: 'one of three upstreams halted: found by deadlines', run: oneHalted },
  { name: 'one of three upstreams halted: found by keepalive', run: oneHaltedKeepalive },
  { name: 'one of three upstreams slow', run: oneSlow },
  { name: 'GOAWAY after every 100 calls', run: goAways },
  { name: 'the certificate of the upstream renewed', run: renewedCertificates },
];

async function onlyKilled(stage: Stage) {
  const first = await stage.upstreamProcess();
  const { url } = await stage.gateway({ target: first.target });
  const load = stage.load(url);
  await stage.succeed(50);
  let slowestMs = 0;
  let upstream: UpstreamProcess = first;
  for (let round = 0; round < stage.scale; round++) {
    await upstream.kill();
    await sleep(300);
    upstream = await stage.upstreamProcess(first.port);
    const openAt = performance.now();
    await stage.succeed(1);
    slowestMs = Math.max(slowestMs, performance.now() - openAt);
    await stage.succeed(50);
  }
  await load.stop();
  assert.ok(slowestMs < 5000, `back only after ${slowestMs} ms`);
  const figures = stage.balance(butMostReads);
  return { ...figures, note: `a call succeeds ${seconds(slowestMs)} after the port opens` };
}

interface Three {
  readonly processes: readonly UpstreamProcess[];
  readonly server: RunningServer;
}

/** Three processes behind a gateway that calls each in turn. */
async function startThree(stage: Stage, options: Partial<UpstreamInput> = {}): Promise<Three> {
  const processes = await Promise.all([stage.upstreamProcess(), stage.upstreamProcess(), stage.upstreamProcess()]);
  const target = processes.map((process) => process.target);
  const server = await stage.gateway({ target, balancing: { policy: 'round_robin' }, ...options });
  await allReady(server);
  return { processes, server };
}

function allReady({ gateway }: RunningServer): Promise<void> {
  const isSo = (): boolean =>
    gateway.readiness().upstreams[0]?.addresses.every(({ state }) => state === 'ready') === true;
  return until(isSo, 'every address is ready');
}

async function oneKilled(stage: Stage) {
  const { processes, server } = await startThree(stage);
  const load = stage.load(server.url, { workers });
  await stage.succeed(50);
  for (let round = 0; round < stage.scale; round++) {
    const { port, kill } = processes[round % 3] as UpstreamProcess;
    if (round < 3) await kill();
    await stage.succeed(100);
    if (round < 3) await stage.upstreamProcess(port);
    await allReady(server);
  }
  await load.stop();
  const figures = stage.balance(butMostReads);
  assertFewReads(figures, stage.scale);
  const failed = [...figures.failures.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(failed <= workers * Math.min(3, stage.scale), `${failed} failed: more than were open`);
  return { ...figures, note: 'none fails but what was open there and may not be repeated' };
}

async function oneHalted(stage: Stage) {
  const { processes, server } = await startThree(stage, {
    methodConfig: [{ name: [{}], timeout: '4s' }],
    outlierDetection: { consecutiveFailures: 3, baseEjectionTime: '300s' },
  });
  const load = stage.load(server.url, { workers });
  await stage.succeed(50);
  const halted = processes[1] as UpstreamProcess;
  process.kill(halted.pid, 'SIGSTOP');
  const isEjected = (): boolean => server.gateway.readiness().upstreams[0]?.addresses[1]?.isEjected === true;
  await until(isEjected, 'it is ejected');
  const ejectedAt = performance.now();
  await stage.succeed(100 * stage.scale);
  process.kill(halted.pid, 'SIGCONT');
  await load.stop();
  const failed = stage.ledger.outcomes.filter(({ failure }) => failure !== undefined);
  const failedAfter = failed.filter(({ startedAt }) => startedAt > ejectedAt);
  assert.deepEqual(failedAfter, [], 'none fails that began once it was ejected');
  assert.ok(failed.length <= 3 + workers);
  const figures = stage.balance({ read: [504], write: [504], watch: [504], upload: [504] });
  return { ...figures, note: 'deadlines of 4 s; none fails once it is left alone' };
}

async function oneHaltedKeepalive(stage: Stage) {
  const { processes, server } = await startThree(stage, { keepalive: { time: '500ms', timeout: '500ms' } });
  const load = stage.load(server.url, { workers });
  await stage.succeed(50);
  const halted = processes[1] as UpstreamProcess;
  process.kill(halted.pid, 'SIGSTOP');
  const haltedAt = performance.now();
  const isFound = (): boolean => server.gateway.readiness().upstreams[0]?.addresses[1]?.state !== 'ready';
  await until(isFound, 'it is found');
  const foundMs = performance.now() - haltedAt;
  await stage.succeed(50 * stage.scale);
  process.kill(halted.pid, 'SIGCONT');
  await allReady(server);
  await load.stop();
  const figures = stage.balance(butMostReads);
  assertFewReads(figures, stage.scale);
  return { ...figures, note: `found in ${seconds(foundMs)} with pings after 0.5 s of silence, 0.5 s for the answer` };
}

async function oneSlow(stage: Stage) {
  const upstreams = [await stage.upstream(), await stage.upstream({ delayMs: 1_000 }), await stage.upstream()];
  const target = upstreams.map((upstream) => upstream.target);
  const server = await stage.gateway({ target, balancing: { policy: 'least_request' } });
  await allReady(server);
  const load = stage.load(server.url, { workers: 16 });
  await stage.succeed(200 * stage.scale);
  await load.stop();
  const figures = stage.balance();
  const slow = stage.ledger.executions.filter(({ port }) => port === upstreams[1]?.port).length;
  const share = slow / figures.calls;
  assert.ok(share < 1 / 4, `the slow one got ${slow} of ${figures.calls}`);
  return { ...figures, note: `1 s slower; it gets ${(share * 100).toFixed(1)} % of the calls (least_request)` };
}

async function goAways(stage: Stage) {
  const upstream = await stage.upstream({ goAwayEvery: 100 });
  const { url } = await stage.gateway({ target: upstream.target });
  const load = stage.load(url, { workers: 16 });
  await stage.succeed(300 * stage.scale);
  await load.stop();
  const figures = stage.balance();
  assert.equal(figures.twice, 0);
  return { ...figures, note: 'none fails, of any kind' };
}

const tls = (name: string): string => readFileSync(`test/fixtures/tls/${name}`, 'utf8');
const shown = (name: string) => ({ cert: tls(`${name}.crt`), key: tls(`${name}.key`) });

/** Connections that come see the other certificate; those that are there are sent away. */
function rotate(upstream: ScriptedUpstream, name: string): void {
  upstream.renew(shown(name));
  for (const session of upstream.sessions) session.close();
}

async function renewedCertificates(stage: Stage) {
  const ca = join(stage.folder, 'ca.crt');
  writeFileSync(ca, tls('ca.crt') + tls('renewed.crt'));
  const upstream = await stage.upstream({ tls: shown('server') });
  const { url } = await stage.gateway({ target: `https://localhost:${upstream.port}`, tls: { ca } });
  const load = stage.load(url, { workers });
  await stage.succeed(50);
  const rounds = 5 * stage.scale;
  for (let round = 0; round < rounds; round++) {
    rotate(upstream, round % 2 === 0 ? 'renewed' : 'server');
    await stage.succeed(30);
  }
  const failed = stage.ledger.outcomes.length - stage.ledger.succeeded;
  assert.equal(failed, 0, 'a good certificate is as good as the other');
  // That of another name.
  rotate(upstream, 'other');
  await until(() => stage.ledger.outcomes.some(({ failure }) => failure !== undefined), 'calls fail');
  rotate(upstream, 'server');
  await stage.succeed(50);
  await load.stop();
  const figures = stage.balance(butMostReads);
  return { ...figures, note: `${rounds} times none fails; one of another name is refused until it is gone` };
}
