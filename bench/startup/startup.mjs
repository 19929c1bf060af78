// What it takes to be there: time to the `listening` line, memory at rest, and the installation. Prints each figure beside its
// budget, and fails when one is over it by more than its slack. The time to be ready is held by the processor time in it: a start
// only computes, and how long it waits while others compute says nothing about it. Even that varies by a fifth from hour to hour.
//
//     npm run build && npm run bench:startup
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTandem } from '../../scripts/start-process.mjs';
import { cpuMicroseconds } from '../cpu-time.mjs';

const runs = 7;
const idleMs = 1_000;
// Nobody listens there: a gateway starts, and rests, without its upstream.
const args = ['--proto', 'protos/example/greeter.proto', '--upstream', '127.0.0.1:1'];

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds from the start of the process to its line, by the clock and of processor time; megabytes resident a moment after. */
async function startOnce() {
  const before = performance.now();
  const { pid, stop } = await startTandem(args);
  const readyMs = performance.now() - before;
  const cpuMs = cpuMicroseconds(pid) / 1000;
  await sleep(idleMs);
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  await stop();
  return { readyMs, cpuMs, idleMB: Number(kilobytes) / 1000 };
}

/** Seconds that `npm ci` takes, build included, with the cache as it is. Twice: the first one warms the cache. */
function installSeconds() {
  const copy = mkdtempSync(join(tmpdir(), 'tandem-install-'));
  for (const part of ['package.json', 'package-lock.json', 'tsconfig.json', 'src']) {
    cpSync(part, join(copy, part), { recursive: true });
  }
  const install = () => {
    const before = performance.now();
    execFileSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: copy, stdio: 'pipe' });
    return (performance.now() - before) / 1000;
  };
  try {
    install();
    return install();
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const starts = [];
for (let run = 0; run < runs; run++) starts.push(await startOnce());
const medianOf = (figure) => median(starts.map((start) => start[figure]));
const figures = [
  { name: 'ready with one small proto', value: medianOf('readyMs'), unit: 'ms', budget: 400, slack: Infinity },
  { name: 'processor time until then', value: medianOf('cpuMs'), unit: 'ms', budget: 400, slack: 1.5 },
  { name: 'idle, resident', value: medianOf('idleMB'), unit: 'MB', budget: 90, slack: 1.1 },
  { name: 'npm ci on a warm cache', value: installSeconds(), unit: 's', budget: 60, slack: 1.5 },
];
let isOver = false;
for (const { name, value, unit, budget, slack } of figures) {
  const verdict = value <= budget ? 'within' : value <= budget * slack ? 'over, within the slack of' : 'OVER';
  isOver ||= value > budget * slack;
  console.log(`${name}: ${value.toFixed(value < 100 ? 1 : 0)} ${unit}, ${verdict} the budget of ${budget} ${unit}`);
}
console.log(`ready, each start: ${starts.map(({ readyMs }) => readyMs.toFixed(0)).join(' ')} ms`);
process.exitCode = isOver ? 1 : 0;
