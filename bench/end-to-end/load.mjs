// The load: wrk where it is installed, else autocannon. Bounded in connections and time, and on loopback alone.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

async function byWrk({ url, body, connections, seconds, folder }) {
  const script = join(folder, 'request.lua');
  const long = `[==[${body}]==]`;
  const lines = ['wrk.method = "POST"', 'wrk.headers["content-type"] = "application/json"', `wrk.body = ${long}`];
  writeFileSync(script, body === undefined ? '' : lines.join('\n'));
  const args = ['-t', '1', '-c', `${connections}`, '-d', `${seconds}s`, '--timeout', '30s', '-s', script, url];
  const { stdout } = await execute('wrk', args);
  const figure = (pattern) => Number(pattern.exec(stdout)?.[1] ?? 0);
  const broken = /Socket errors.*/.exec(stdout)?.[0] ?? /Non-2xx.*/.exec(stdout)?.[0];
  return { requests: figure(/(\d+) requests in/), broken };
}

async function byAutocannon({ url, body, connections, seconds }) {
  const request = body === undefined ? [] : ['-m', 'POST', '-H', 'content-type=application/json', '-b', body];
  const args = ['--yes', 'autocannon@8', '--json', '-c', `${connections}`, '-d', `${seconds}`, ...request, url];
  const { requests, errors, timeouts, non2xx } = JSON.parse((await execute('npx', args)).stdout);
  const bad = errors + timeouts + non2xx;
  return { requests: requests.total, broken: bad > 0 ? `${bad} requests failed` : undefined };
}

const hasWrk = await execute('sh', ['-c', 'command -v wrk']).then(
  () => true,
  () => false,
);

/** Sends the same request over and over; resolves to how many were answered. Rejects when one of them failed. */
export async function load(options) {
  const { requests, broken } = await (hasWrk ? byWrk : byAutocannon)(options);
  if (broken || requests === 0) throw new Error(`${options.url}: ${broken ?? 'no answer'}`);
  return requests;
}
