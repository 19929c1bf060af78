// The load: wrk where it is installed, else autocannon. Bounded in connections and time, and on loopback alone.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const millisecondsOf = { us: 1e-3, ms: 1, s: 1e3 };

async function byWrk({ url, body, connections, seconds, folder }) {
  const script = join(folder, 'request.lua');
  const long = `[==[${body}]==]`;
  const lines = ['wrk.method = "POST"', 'wrk.headers["content-type"] = "application/json"', `wrk.body = ${long}`];
  writeFileSync(script, body === undefined ? '' : lines.join('\n'));
  const bounds = ['-t', '1', '-c', `${connections}`, '-d', `${seconds}s`, '--timeout', '30s'];
  const args = [...bounds, '--latency', '-s', script, url];
  const { stdout } = await execute('wrk', args);
  const [, count, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  const broken = /Socket errors.*/.exec(stdout)?.[0] ?? /Non-2xx.*/.exec(stdout)?.[0];
  return { requests: Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0), p99: count * millisecondsOf[unit], broken };
}

async function byAutocannon({ url, body, connections, seconds }) {
  const request = body === undefined ? [] : ['-m', 'POST', '-H', 'content-type=application/json', '-b', body];
  const args = ['--yes', 'autocannon@8', '--json', '-c', `${connections}`, '-d', `${seconds}`, ...request, url];
  const { requests, latency, errors, timeouts, non2xx } = JSON.parse((await execute('npx', args)).stdout);
  const bad = errors + timeouts + non2xx;
  return { requests: requests.total, p99: latency.p99, broken: bad > 0 ? `${bad} requests failed` : undefined };
}

const hasWrk = await execute('sh', ['-c', 'command -v wrk']).then(
  () => true,
  () => false,
);

/**
 * Sends the same request over and over. Resolves to how many were answered, and to the milliseconds in which 99 of 100 were. Rejects when
 * one of them failed.
 */
export async function load(options) {
  const { requests, p99, broken } = await (hasWrk ? byWrk : byAutocannon)(options);
  if (broken || requests === 0) throw new Error(`${options.url}: ${broken ?? 'no answer'}`);
  return { requests, p99 };
}
