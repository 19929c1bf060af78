/** Passwords that are guessed, from many addresses at once. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { hashPassword } from '../../src/security/scrypt-hash.ts';
import { type Fault, type Stage, seconds } from './stage.ts';

export const passwordFaults: readonly Fault[] = [{ name: 'passwords guessed from many addresses', run: guesses }];

/** Of each address, and how many of them are looked at. */
const attempts = 20;
const looked = 10;

async function guesses(stage: Stage) {
  const users = [{ name: 'ann', password: await hashPassword('secret') }];
  const { target } = await stage.upstream();
  const { url } = await stage.gateway({ target }, { security: { basic: { users } } });
  const load = stage.load(url, { authorization: async () => `Basic ${btoa('ann:secret')}` });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await stage.succeed(500);
  const usualMs = delay.percentile(99) / 1e6;
  delay.reset();
  const addresses = 5 * stage.scale;
  const guessed = Array.from({ length: addresses }, (_, index) => guessFrom(url, `127.0.1.${index + 1}`));
  for (const statuses of await Promise.all(guessed)) {
    const wrong = statuses.filter((status) => status === 401).length;
    // 503: too many wait to be looked at.
    assert.ok(wrong <= looked && statuses.every((status) => [401, 429, 503].includes(status)), statuses.join(' '));
  }
  delay.disable();
  await stage.succeed(50);
  await load.stop();
  const delays = `${seconds(delay.percentile(99) / 1e6)} instead of ${seconds(usualMs)}`;
  const note = `${addresses} addresses, at most ${looked} tries of each; the event loop's p99 delay ${delays}`;
  return { ...stage.balance(), note };
}

async function guessFrom(url: string, localAddress: string): Promise<readonly number[]> {
  const guess = async (_: unknown, index: number): Promise<number> => {
    const authorization = `Basic ${btoa(`ann:${localAddress}-${index}`)}`;
    const call = request(`${url}/v1/entries/x?text=1`, {
      localAddress,
      agent: false,
      headers: { authorization },
    }).end();
    const [{ statusCode = 0 }] = (await once(call, 'response')) as [IncomingMessage];
    call.destroy();
    return statusCode;
  };
  return await Promise.all(Array.from({ length: attempts }, guess));
}
