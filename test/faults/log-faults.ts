/** The log cannot be written: nobody reads it, or there is no room for it. Calls go on, and lines that are lost are counted. */
import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { start } from './gateway-faults.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { type Fault, proto, type Stage, until } from './stage.ts';

export const logFaults: readonly Fault[] = [
  { name: 'nobody reads the log', run: unread },
  { name: 'the disk of the log is full', run: noRoom },
];

const workers = 8;

async function configured(stage: Stage): Promise<readonly string[]> {
  const { target } = await stage.upstream();
  const file = join(stage.folder, 'tandem.json');
  const observability = { accessLog: true, metrics: true };
  writeFileSync(file, JSON.stringify({ protos: [resolve(proto)], upstreams: [target], observability }));
  return ['--config', file];
}

async function unread(stage: Stage) {
  const gateway = await start(stage, await configured(stage), { isUnread: true });
  const load = stage.load(gateway.url, { workers });
  // What an agent calls itself makes lines long: the pipe and what waits before it are soon full. The upstream does not hear of these calls.
  const wrong = { method: 'POST', headers: { 'user-agent': 'a'.repeat(8_000) }, body: 'no JSON' };
  while ((await metricOf(gateway, 'tandem_log_lines_lost_total')) === 0) {
    await Promise.all(Array.from({ length: 50 }, () => fetch(`${gateway.url}/v1/entries`, wrong)));
    await stage.succeed(10);
  }
  await stage.succeed(100 * stage.scale);
  const lag = await lagOf(gateway);
  gateway.readLog();
  await until(async () => {
    await stage.succeed(1);
    return gateway.logged(/lines of the log were lost/) > 0;
  }, 'it says that lines were lost, once they can be written');
  await load.stop();
  const lost = await metricOf(gateway, 'tandem_log_lines_lost_total');
  return { ...stage.balance(), note: `${lost} lines lost, counted and told of; ${lag}` };
}

async function noRoom(stage: Stage) {
  const full = openSync('/dev/full', 'w');
  stage.after(() => closeSync(full));
  const gateway = await start(stage, await configured(stage), { stderr: full });
  const load = stage.load(gateway.url, { workers });
  await stage.succeed(100 * stage.scale);
  const lag = await lagOf(gateway);
  await load.stop();
  const lost = await metricOf(gateway, 'tandem_log_lines_lost_total');
  const figures = stage.balance();
  assert.ok(lost >= figures.calls, `${lost} lines lost of ${figures.calls} calls`);
  return { ...figures, note: `all ${lost} lines lost and counted; ${lag}` };
}

/** Since the metrics were last read. */
async function lagOf(gateway: GatewayProcess): Promise<string> {
  const ms = 1000 * (await metricOf(gateway, 'nodejs_eventloop_lag_p99_seconds'));
  return `the event loop's p99 delay ${ms.toFixed(0)} ms`;
}

async function metricOf({ url }: GatewayProcess, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}
