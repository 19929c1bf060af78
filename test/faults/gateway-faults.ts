/** The gateway itself told to reload or to stop, or killed. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type Fault, moreRetries, proto, type Stage, seconds, until } from './stage.ts';

const workers = 8;

export const gatewayFaults: readonly Fault[] = [
  { name: 'reloads, every fifth of a wrong configuration', run: reloads },
  { name: 'the gateway killed, and started again', run: killed },
  { name: 'the gateway told to stop', run: stopped },
];

export async function start(
  stage: Stage,
  args: readonly string[],
  options?: Parameters<typeof startGatewayProcess>[1],
): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(args, options);
  stage.after(() => gateway.signal('SIGKILL'));
  await until(async () => (await statusOf(`${gateway.url}/readyz`)) === 200, 'the gateway is ready');
  return gateway;
}

/** Undefined when nobody answers. */
async function statusOf(url: string): Promise<number | undefined> {
  try {
    const reply = await fetch(url, { headers: { connection: 'close' } });
    await reply.arrayBuffer();
    return reply.status;
  } catch {
    return undefined;
  }
}

async function reloads(stage: Stage) {
  const { target } = await stage.upstream();
  const file = join(stage.folder, 'tandem.json');
  const protos = [resolve(proto)];
  /** Every fifth has an unknown key, every other one another upstream than before, as far as connections go. */
  const write = (round: number): void => {
    const limits = { timeoutDefault: `${10 + (round % 100)}s`, ...(round % 5 === 4 && { nonsense: 1 }) };
    const upstreams = [{ target, ...moreRetries, timeout: `${20 + (Math.floor(round / 2) % 100)}s` }];
    writeFileSync(file, JSON.stringify({ protos, upstreams, limits }));
  };
  write(0);
  const gateway = await start(stage, ['--config', file]);
  const load = stage.load(gateway.url, { workers });
  await stage.succeed(50);
  const before = gateway.megabytes();
  const long = load.call('watch', 300);
  const rounds = 10 * stage.scale;
  for (let round = 1; round <= rounds; round++) {
    write(round);
    const answered = gateway.logged(/reloaded/);
    gateway.signal('SIGHUP');
    await until(() => gateway.logged(/reloaded/) > answered, 'it says what became of the reload');
    await stage.succeed(5);
  }
  await long;
  await load.stop();
  const refused = gateway.logged(/not reloaded/);
  assert.equal(refused, rounds / 5);
  const grown = gateway.megabytes() - before;
  assert.ok(grown < 100, `${grown} MB more`);
  return { ...stage.balance(), note: `${rounds} reloads, ${refused} of them refused; ${grown.toFixed(0)} MB more` };
}

async function killed(stage: Stage) {
  const { target } = await stage.upstream();
  const args = ['--proto', proto, '--upstream', target];
  let gateway = await start(stage, args);
  const load = stage.load(gateway.url, { workers });
  const { port } = new URL(gateway.url);
  let slowestMs = 0;
  for (let round = 0; round < stage.scale; round++) {
    await stage.succeed(50);
    load.isPaused = true;
    gateway.signal('SIGKILL');
    await gateway.exitCode;
    const startedAt = performance.now();
    gateway = await start(stage, args, { port: Number(port) });
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    load.isPaused = false;
    await stage.succeed(50);
  }
  await load.stop();
  const lost = ['no answer'] as const;
  const figures = stage.balance({ read: lost, write: lost, watch: lost, upload: lost });
  const failed = [...figures.failures.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(failed <= workers * stage.scale, `${failed} failed: more than were open`);
  return { ...figures, note: `ready ${seconds(slowestMs)} after its start` };
}

/** Its clients keep their connections, and go when it is not ready any more: as a balancer sends them. */
async function stopped(stage: Stage) {
  const { target } = await stage.upstream();
  const file = join(stage.folder, 'tandem.json');
  const limits = { lameDuck: '500ms' };
  writeFileSync(file, JSON.stringify({ protos: [resolve(proto)], upstreams: [target], limits }));
  let slowestMs = 0;
  for (let round = 0; round < stage.scale; round++) {
    const gateway = await start(stage, ['--config', file]);
    const load = stage.load(gateway.url, { workers });
    await stage.succeed(50);
    gateway.signal('SIGTERM');
    const toldAt = performance.now();
    await until(async () => (await statusOf(`${gateway.url}/readyz`)) === 503, 'it is not ready');
    await sleep(100);
    await load.stop();
    assert.equal(await gateway.exitCode, 0);
    slowestMs = Math.max(slowestMs, performance.now() - toldAt);
  }
  return { ...stage.balance(), note: `it ends ${seconds(slowestMs)} after SIGTERM, with a \`lameDuck\` of 0.5 s` };
}
