/**
 * Whether the time of a refusal tells how close a guess was: an API key that is wrong from its first character on against one that is wrong in the
 * last alone, and a user whom nobody has against a wrong password. Welch's t of samples in turn; below 4.5 is what chance gives. And what
 * passwords that are guessed without a pause, from an address of its own each, cost others: the delay of the event loop.
 *
 *     npm run bench:security
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApiKeys, digestOf, makeApiKey } from '../../src/security/api-keys.ts';
import { systemClock } from '../../src/security/authenticator.ts';
import { createBasic } from '../../src/security/basic.ts';
import type { Caller } from '../../src/security/identity.ts';
import { hashPassword, parseScryptHash } from '../../src/security/scrypt-hash.ts';

type Sample = () => unknown;

/** Nanoseconds of each, without the slowest twentieth, which are the machine's own. */
async function measure(samples: readonly [Sample, Sample], count: number): Promise<readonly [number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  for (let index = 0; index < 2 * count; index++) {
    // Whatever else the machine does in turn falls on both.
    const which = Math.random() < 0.5 ? 0 : 1;
    const start = process.hrtime.bigint();
    try {
      await samples[which]();
    } catch {}
    times[which].push(Number(process.hrtime.bigint() - start));
  }
  return [fastest(times[0]), fastest(times[1])];
}

function fastest(times: readonly number[]): number[] {
  return times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length * 0.95));
}

function meanOf(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}

function varianceOf(times: readonly number[]): number {
  const mean = meanOf(times);
  return times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (times.length - 1);
}

function welch([first, second]: readonly [readonly number[], readonly number[]]): number {
  const error = Math.sqrt(varianceOf(first) / first.length + varianceOf(second) / second.length);
  return (meanOf(first) - meanOf(second)) / error;
}

async function report(what: string, samples: readonly [Sample, Sample], count: number): Promise<void> {
  const times = await measure(samples, count);
  const [first, second] = times.map((each) => `${(meanOf(each) / 1000).toFixed(2)} µs`);
  console.log(`${what}: ${first} and ${second}, t = ${welch(times).toFixed(2)} (${count} of each)`);
}

const callerWith = (headers: Record<string, string>, address = '192.0.2.1'): Caller => ({
  request: { target: '/', headers },
  client: { address, certificateNames: undefined },
});

const key = makeApiKey();
const keys = createApiKeys(
  {
    header: 'x-api-key',
    query: undefined,
    cookie: undefined,
    keys: [{ name: 'a', digest: digestOf(key), roles: [], scopes: [] }],
  },
  'tandem',
);
const changed = (index: number): string =>
  key.slice(0, index) + (key[index] === 'A' ? 'B' : 'A') + key.slice(index + 1);
const [far, near] = [callerWith({ 'x-api-key': changed(4) }), callerWith({ 'x-api-key': changed(key.length - 1) })];
const guesses = [() => keys.identify(far), () => keys.identify(near)] as const;
await measure(guesses, 20_000);
await report('an API key that differs early, and late', guesses, 100_000);

const password = parseScryptHash(await hashPassword('secret'));
if (password === undefined) throw new Error('a hash that was made is one');
const basic = createBasic({ users: [{ name: 'ann', password, roles: [], scopes: [] }] }, 'tandem', systemClock);
let guess = 0;
// From an address of its own each, or it would be refused after ten.
const wrong = (user: string) => (): unknown => {
  const address = `10.${(++guess >> 16) & 255}.${(guess >> 8) & 255}.${guess & 255}`;
  return basic.identify(callerWith({ authorization: `Basic ${btoa(`${user}:wrong${guess}`)}` }, address));
};
await report('a user whom nobody has, and a wrong password', [wrong('bob'), wrong('ann')], 100);

/** p99 of the event loop's delay in milliseconds, over so long. */
async function delayOver(ms: number): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  await sleep(ms);
  delay.disable();
  return delay.percentile(99) / 1e6;
}

const median = (values: readonly number[]): string =>
  (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0).toFixed(1);

// By turns, since what else the machine does falls on both; as many wait all the time as may.
const [quiet, guessed]: [number[], number[]] = [[], []];
for (let turn = 0; turn < 10; turn++) {
  quiet.push(await delayOver(1000));
  let isOver = false;
  const guesser = async (): Promise<void> => {
    while (!isOver) await Promise.resolve(wrong('ann')()).catch(() => {});
  };
  const guessers = Array.from({ length: 100 }, guesser);
  guessed.push(await delayOver(1000));
  isOver = true;
  await Promise.all(guessers);
}
console.log(`p99 of the event loop's delay: ${median(quiet)} ms, while passwords are guessed ${median(guessed)} ms`);
