/** What a network does to the connections between the gateway and its upstream. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Line } from './line.ts';
import { assertFewReads, butMostReads, type Fault, type Stage, seconds, type UpstreamInput } from './stage.ts';

export const lineFaults: readonly Fault[] = [
  { name: 'connections reset in the middle of replies', run: resets },
  { name: 'bytes in slices, each late', run: slices },
  { name: 'a connection gone silent: found by keepalive', run: silenceKeepalive },
  { name: 'a connection gone silent: found by deadlines', run: silenceDeadlines, isLong: true },
];

interface Lined {
  readonly line: Line;
  readonly url: string;
}

async function start(stage: Stage, options: Partial<UpstreamInput> = {}): Promise<Lined> {
  const upstream = await stage.upstream();
  const line = await Line.start(upstream.port);
  stage.after(() => line.close());
  const { url } = await stage.gateway({ target: line.target, ...options });
  return { line, url };
}

async function resets(stage: Stage) {
  const { line, url } = await start(stage);
  line.resetAfter = 20_000;
  line.hangUp();
  const load = stage.load(url);
  await stage.succeed(200 * stage.scale);
  line.resetAfter = undefined;
  const overAt = performance.now();
  await stage.succeed(1);
  const againMs = performance.now() - overAt;
  await load.stop();
  assert.ok(line.resets > 0);
  assert.ok(againMs < 5000, `calls succeed only ${againMs} ms later`);
  const figures = stage.balance(butMostReads);
  return { ...figures, note: `${line.resets} resets; a call succeeds ${seconds(againMs)} after the last` };
}

async function slices(stage: Stage) {
  const { line, url } = await start(stage);
  line.slice = { bytes: 61, pauseMs: 1 };
  const load = stage.load(url);
  await stage.succeed(30 * stage.scale);
  line.slice = undefined;
  await load.stop();
  return { ...stage.balance(), note: '61 bytes at a time, a millisecond between them' };
}

async function silenceKeepalive(stage: Stage) {
  const { line, url } = await start(stage, { keepalive: { time: '500ms', timeout: '500ms' } });
  const load = stage.load(url);
  let slowestMs = 0;
  for (let round = 0; round < stage.scale; round++) {
    await stage.succeed(50);
    line.silence();
    const silentAt = performance.now();
    await stage.succeed(10);
    slowestMs = Math.max(slowestMs, performance.now() - silentAt);
  }
  await load.stop();
  const figures = stage.balance(butMostReads);
  assertFewReads(figures, stage.scale);
  return {
    ...figures,
    note: `found and calls succeed again within ${seconds(slowestMs)}; pings after 0.5 s, 0.5 s to answer`,
  };
}

async function silenceDeadlines(stage: Stage) {
  const timeoutMs = 500;
  const { line, url } = await start(stage, { methodConfig: [{ name: [{}], timeout: `${timeoutMs}ms` }] });
  const load = stage.load(url);
  await stage.succeed(50);
  line.silence();
  const silentAt = performance.now();
  await sleep(timeoutMs);
  await stage.succeed(10);
  const foundMs = performance.now() - silentAt;
  await load.stop();
  const late = [503, 504] as const;
  const figures = stage.balance({ read: late, write: late, watch: late, upload: late });
  const overMs = figures.slowestMs - timeoutMs;
  assert.ok(overMs < 1000, `${overMs} ms over the deadline`);
  return {
    ...figures,
    note: `deadlines of 0.5 s, none over it by more than ${overMs.toFixed(0)} ms; found in ${seconds(foundMs)}`,
  };
}
