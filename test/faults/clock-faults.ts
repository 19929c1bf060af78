/** A clock that is wrong, and jumps. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audience, issuer, makeKey, tokenOf } from '../integration/jwks-issuer.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import type { Load } from './load.ts';
import { type Fault, proto, type Stage, until } from './stage.ts';

export const clockFaults: readonly Fault[] = [{ name: 'the clock an hour ahead, then behind', run: wrongClock }];

const hour = 3600;
/** What tokens say, in seconds from the gateway's time, and what becomes of them: 60 seconds of leeway either way. */
const tokens: readonly (readonly [claims: Readonly<Record<string, number>>, failure: number | undefined])[] = [
  [{ exp: 600 }, undefined],
  [{ exp: -40 }, undefined],
  [{ exp: -80 }, 401],
  [{ nbf: 40, exp: 600 }, undefined],
  [{ nbf: 80, exp: 600 }, 401],
];

async function wrongClock(stage: Stage) {
  const key = await makeKey('k');
  const gateway = await startWithTokens(stage, key.publicJwk);
  // Who makes no reads needs no token: what becomes of deadlines is seen by these.
  const load = stage.load(gateway.url, { kinds: ['write', 'watch', 'upload'] });
  await stage.succeed(20);
  const offsets = [0, hour, -hour];
  const turns = 3 * stage.scale;
  for (let turn = 0; turn < turns; turn++) {
    const now = Math.floor(Date.now() / 1000) + (offsets[turn % offsets.length] ?? 0);
    for (const [given, failure] of tokens) {
      const claims = Object.fromEntries(Object.entries(given).map(([name, seconds]) => [name, now + seconds]));
      const authorization = `Bearer ${await tokenOf(key, { ...claims, iat: undefined })}`;
      const outcome = await load.call('read', 1, { authorization });
      assert.equal(outcome.failure, failure, `turn ${turn}: ${JSON.stringify(given)}`);
    }
    await jump(gateway, load, turn + 1);
    await stage.succeed(20);
  }
  await load.stop();
  const figures = stage.balance({ read: [401], watch: [504] });
  assert.equal(figures.failures.get('watch 504'), turns, 'none but those that ask for it fail by a deadline');
  return { ...figures, note: `${turns} jumps; tokens are judged with 60 s of leeway, deadlines kept` };
}

async function startWithTokens(stage: Stage, publicJwk: Readonly<Record<string, unknown>>): Promise<GatewayProcess> {
  const { target } = await stage.upstream();
  const [file, jwksFile] = [join(stage.folder, 'tandem.json'), join(stage.folder, 'jwks.json')];
  writeFileSync(jwksFile, JSON.stringify({ keys: [publicJwk] }));
  const access = [{ methods: ['*'], anonymous: true }, { methods: ['test.ledger.Ledger/Read'] }];
  const security = { jwt: [{ issuer, audience: [audience], algorithms: ['ES256'], jwksFile }], access };
  writeFileSync(file, JSON.stringify({ protos: [resolve(proto)], upstreams: [target], security }));
  const shift = new URL('./clock-shift.js', import.meta.url).href;
  const gateway = await startGatewayProcess(['--config', file], { nodeArgs: ['--import', shift] });
  stage.after(() => gateway.signal('SIGKILL'));
  await until(async () => (await fetch(`${gateway.url}/readyz`)).status === 200, 'the gateway is ready');
  return gateway;
}

/** Moves the clock while two streams are open: one that has time enough, and one that has not, which ends when its time is over. */
async function jump(gateway: GatewayProcess, load: Load, jumps: number): Promise<void> {
  const startedAt = performance.now();
  const [enough, short] = [
    load.call('watch', 200, { 'x-server-timeout': '60' }),
    load.call('watch', 10_000, { 'x-server-timeout': '1' }),
  ];
  await sleep(200);
  gateway.signal('SIGUSR2');
  await until(() => gateway.logged(/^the clock is moved/) === jumps, 'the clock is moved');
  assert.equal((await enough).failure, undefined);
  assert.equal((await short).failure, 504);
  const lastedMs = performance.now() - startedAt;
  assert.ok(lastedMs > 900 && lastedMs < 60_000, `a call of 1 s took ${lastedMs} ms`);
}
