/** An issuer of tokens that is down, slow, or has new keys, while others make up keys that it never had. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  audience,
  issuer,
  type JwksIssuer,
  makeKey,
  rawToken,
  startIssuer,
  tokenOf,
} from '../integration/jwks-issuer.ts';
import type { Load } from './load.ts';
import { type Fault, type Stage, seconds } from './stage.ts';

export const issuerFaults: readonly Fault[] = [
  { name: 'the issuer of tokens down, slow, with a new key', run: issuerGone },
];

/** The gateway asks no more often (docs/security.md). */
const COOL_DOWN_MS = 30_000;

async function issuerGone(stage: Stage) {
  const [first, second] = await Promise.all([makeKey('first'), makeKey('second')]);
  const keys = await startIssuer(stage, first);
  const { target } = await stage.upstream();
  const jwt = [{ issuer, audience: [audience], algorithms: ['ES256' as const], jwksUrl: keys.url }];
  const { url } = await stage.gateway({ target }, { security: { jwt } });
  let signing = first;
  // Each has a token of its own: what was verified a moment ago is remembered.
  const authorization = async (): Promise<string> => `Bearer ${await tokenOf(signing)}`;
  const load = stage.load(url, { authorization });
  const startedAt = performance.now();
  await stage.succeed(50);
  keys.answer((_request, response) => response.destroy());
  const strangers = 2_000 * stage.scale;
  await callAsStrangers(load, strangers);
  let found = '';
  // The rest takes as long as the gateway waits between attempts.
  if (stage.scale > 1) {
    await fetchOnceMore(load, keys);
    keys.answer(() => {});
    await fetchOnceMore(load, keys);
    keys.answer(undefined);
    keys.publish(first, second);
    const publishedAt = performance.now();
    while ((await load.call('read', 1, { authorization: `Bearer ${await tokenOf(second)}` })).failure) await sleep(100);
    found = `; a new key counts ${seconds(performance.now() - publishedAt)} after it is published`;
    signing = second;
  }
  await stage.succeed(50);
  await load.stop();
  const elapsedMs = performance.now() - startedAt;
  assert.ok(keys.fetches <= 1 + elapsedMs / COOL_DOWN_MS, `${keys.fetches} fetches in ${elapsedMs} ms`);
  const note = `${strangers} unknown keys, ${keys.fetches} fetches in ${seconds(elapsedMs)}${found}`;
  return { ...stage.balance({ read: [401] }), note };
}

/** With keys that nobody has published; none gets in. */
async function callAsStrangers(load: Load, calls: number): Promise<void> {
  let left = calls;
  const call = async (): Promise<void> => {
    while (left-- > 0) {
      const outcome = await load.call('read', 1, { authorization: strangeToken(String(left)) });
      assert.equal(outcome.failure, 401);
    }
  };
  await Promise.all(Array.from({ length: 16 }, call));
}

function strangeToken(kid: string): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  return `Bearer ${rawToken({ alg: 'ES256', kid }, { iss: issuer, aud: audience, sub: 'eve', exp }, 'A'.repeat(86))}`;
}

/** Until unknown keys have made the gateway ask the issuer again. */
async function fetchOnceMore(load: Load, keys: JwksIssuer): Promise<void> {
  for (const before = keys.fetches; keys.fetches === before; await sleep(100)) await callAsStrangers(load, 1);
}
