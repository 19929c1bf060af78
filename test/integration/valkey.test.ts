/** Gateways that count together, and what they do while the store is gone. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { createGateway } from '../../src/gateway/gateway.ts';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { Concurrency } from '../../src/limits/concurrency.ts';
import type { StoreOptions } from '../../src/limits/options.ts';
import { ValkeyPlaces } from '../../src/limits/valkey-places.ts';
import { ValkeyStore } from '../../src/limits/valkey-store.ts';
import type { RunningServer } from '../../src/server/start-server.ts';
import { missingValkey, startValkey } from '../upstreams/valkey-server.ts';
import { protos, startSecure } from './security-fixture.ts';

type Limits = NonNullable<TandemOptions['limits']>;
type Store = NonNullable<Limits['store']>;

// A machine that is busy with other tests is late itself.
const timeout = '5s';
const calls: Limits['calls'] = [{ name: 'all', rates: ['3/1h', '100/24h'] }];

async function startWith(t: TestContext, store: Store, limits: Limits = {}): Promise<() => Promise<Response>> {
  const { server } = await startSecure(t, {}, { limits: { calls, store, ...limits } });
  await connected(server);
  return () => fetch(`${server.url}/ping`);
}

/** A gateway waits a second for its store; a machine that is busy may take longer. */
async function connected({ gateway }: RunningServer): Promise<void> {
  while (!gateway.generation.counters?.rates.isUp) await sleep(20);
}

test('all gateways of one store count together', { skip: missingValkey }, async (t) => {
  const { url } = await startValkey(t);
  const [first, second] = [await startWith(t, { url, timeout }), await startWith(t, { url, timeout })];
  const answers: [number, string][] = [];
  for (const call of [first, second, first, second, first]) {
    const { status, headers } = await call();
    answers.push([status, headers.get('ratelimit')?.replaceAll(/t=\d+/g, 't') ?? '']);
  }
  assert.deepEqual(answers, [
    [200, '"all-1h";r=2;t, "all-24h";r=99;t'],
    [200, '"all-1h";r=1;t, "all-24h";r=98;t'],
    [200, '"all-1h";r=0;t, "all-24h";r=97;t'],
    [429, '"all-1h";r=0;t, "all-24h";r=97;t'],
    [429, '"all-1h";r=0;t, "all-24h";r=97;t'],
  ]);
  const other = await startWith(t, { url, timeout, prefix: 'other' });
  assert.equal((await other()).status, 200);
});

test('a window ends in the store', { skip: missingValkey }, async (t) => {
  const { url } = await startValkey(t);
  const call = await startWith(t, { url, timeout }, { calls: [{ rates: ['1/1s'] }] });
  assert.equal((await call()).status, 200);
  while ((await call()).status !== 200) await sleep(20);
  const limit = (await call()).headers.get('ratelimit');
  assert.match(limit ?? '', /r=0;t=1$/);
});

test('allow: without the store each process counts for itself, and together again with it', {
  skip: missingValkey,
}, async (t) => {
  const valkey = await startValkey(t);
  const { url } = valkey;
  const [first, second] = [await startWith(t, { url, timeout }), await startWith(t, { url, timeout })];
  assert.equal((await first()).status, 200);
  await valkey.kill();
  const statuses: number[] = [];
  for (const call of [first, second]) for (let turn = 0; turn < 4; turn++) statuses.push((await call()).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 200, 200, 200, 429]);
  await valkey.restart();
  // By their own counts they would refuse for an hour; in the store nothing is left of what was counted before.
  for (const call of [first, second]) while ((await call()).status !== 200) await sleep(50);
  assert.deepEqual([(await first()).status, (await second()).status], [200, 429]);
});

test('refuse: without the store 503, and calls again with it', { skip: missingValkey }, async (t) => {
  const valkey = await startValkey(t);
  const call = await startWith(t, { url: valkey.url, timeout, whenDown: 'refuse' });
  assert.equal((await call()).status, 200);
  await valkey.kill();
  for (const _ of [1, 2]) {
    const refused = await call();
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
    assert.deepEqual(await refused.json(), {
      code: 14,
      message: 'calls cannot be counted now; try again',
      details: [],
    });
  }
  await valkey.restart();
  while ((await call()).status !== 200) await sleep(50);
});

/** A logger, and what it has written but for the lines of failed calls. */
function logged(): { readonly logger: FastifyBaseLogger; readonly lines: [level: number, message: string][] } {
  const lines: [number, string][] = [];
  const write = (text: string): void => {
    const { level, msg, code } = JSON.parse(text);
    if (code === undefined) lines.push([level, msg]);
  };
  return { logger: pino({ base: null }, { write }), lines };
}

test('a store that is lost and one that is back are a line each', { skip: missingValkey }, async (t) => {
  const valkey = await startValkey(t);
  const { logger, lines } = logged();
  const store = { url: `redis://default@127.0.0.1:${valkey.port}`, timeout };
  const { server } = await startSecure(t, {}, { limits: { calls, store } }, { logger });
  const call = async (): Promise<number> => (await fetch(`${server.url}/ping`)).status;
  const until = async (count: number): Promise<void> => {
    while (lines.filter(([, message]) => message.startsWith('limits.store')).length < count) {
      await call();
      await sleep(20);
    }
  };
  await connected(server);
  lines.length = 0;
  const told: string[] = [];
  for (let turn = 0; turn < 2; turn++) {
    await valkey.kill();
    await until(2 * turn + 1);
    // It is asked again and again meanwhile.
    await sleep(600);
    await valkey.restart();
    await until(2 * turn + 2);
    const name = `limits.store 127.0.0.1:${valkey.port}`;
    told.push(`40 ${name} is lost: …; until it is back each process counts for itself`, `30 ${name} is back`);
  }
  const said = lines.filter(([, message]) => message.startsWith('limits.store'));
  assert.deepEqual(
    said.map(([level, message]) => `${level} ${message.replace(/lost: .*;/, 'lost: …;')}`),
    told,
  );
});

test('a gateway starts without the store, says so, and tells no password', async (t) => {
  const { logger, lines } = logged();
  const { server } = await startSecure(
    t,
    {},
    {
      limits: { calls, store: { url: 'redis://me:hidden@127.0.0.1:1', timeout } },
      observability: { metrics: true },
    },
    { logger },
  );
  assert.equal((await fetch(`${server.url}/ping`)).status, 200);
  const [[level, message] = [0, '']] = lines;
  assert.equal(level, 40);
  assert.match(message, /^limits\.store 127\.0\.0\.1:1 is lost: .*; until it is back each process counts for itself$/);
  assert.doesNotMatch(JSON.stringify(lines), /hidden/);
  assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^tandem_limits_store_up 0$/m);
});

test('without a log a lost store is a warning of the process', async (t) => {
  const warnings: string[] = [];
  const listener = (warning: Error): void => void warnings.push(String(warning));
  process.on('warning', listener);
  t.after(() => process.off('warning', listener));
  const store = { url: 'redis://me:hidden@127.0.0.1:1', timeout };
  const gateway = await createGateway({ protos, mock: true, limits: { calls, store } });
  t.after(() => gateway.close());
  await gateway.generation.counters?.rates.start?.();
  while (warnings.length === 0) await sleep(1);
  assert.match(warnings.join('\n'), /limits\.store 127\.0\.0\.1:1 is lost: /);
});

test('a reload that names another store counts there', { skip: missingValkey }, async (t) => {
  const [one, other] = [await startValkey(t), await startValkey(t)];
  const { server, upstream } = await startSecure(t, {}, { limits: { calls, store: { url: one.url, timeout } } });
  const call = async (): Promise<string | null> => (await fetch(`${server.url}/ping`)).headers.get('ratelimit');
  assert.match((await call()) ?? '', /^"all-1h";r=2/);
  const options = { protos: ['test/protos/security.proto'], upstreams: [upstream.target], listen: { port: 0 } };
  await server.gateway.reload({ ...options, limits: { calls, store: { url: other.url, timeout } } });
  assert.match((await call()) ?? '', /^"all-1h";r=2/);
  await one.kill();
  assert.match((await call()) ?? '', /^"all-1h";r=1/);
});

const one = [{ id: 'all', key: 'address:192.0.2.1', count: 1 }];
const two = [{ id: 'all', key: 'address:192.0.2.1', count: 2 }];

/** Places of a gateway of their own, and what ends that. */
async function placesIn(
  t: TestContext,
  url: string,
  { leaseMs, ...others }: Partial<StoreOptions> & { readonly leaseMs?: number } = {},
) {
  const store = new ValkeyStore({ url, whenDown: 'allow', timeout: 5000, prefix: 'tandem', ...others });
  t.after(() => store.close());
  await store.start();
  while (!store.isUp) await sleep(20);
  return { places: new ValkeyPlaces(store, new Concurrency(), leaseMs), die: () => store.close() };
}

test('places are those of all gateways together, and free again once a call has ended', {
  skip: missingValkey,
}, async (t) => {
  const { url } = await startValkey(t);
  const [{ places: first }, { places: second }] = [await placesIn(t, url), await placesIn(t, url)];
  const release = await first.take(one);
  await assert.rejects(async () => second.take(one), { message: 'too many calls: 1 calls at a time' });
  await assert.rejects(async () => first.take([...two, ...one]), { message: 'too many calls: 1 calls at a time' });
  const another = await second.take(two);
  await assert.rejects(async () => first.take(two), { message: 'too many calls: 2 calls at a time' });
  // One key of them is free, and nothing of it is taken.
  await assert.rejects(async () => first.take([{ id: 'all', key: 'other', count: 1 }, ...two]));
  release?.();
  another?.();
  await taken(() => second.take(one));
  await taken(() => first.take([{ id: 'all', key: 'other', count: 1 }]));
});

/** Asks until there is a place. */
async function taken(take: () => unknown): Promise<unknown> {
  for (;;) {
    try {
      return await take();
    } catch {
      await sleep(20);
    }
  }
}

test('a place is kept for as long as its call goes on, and is free when its gateway died', {
  skip: missingValkey,
}, async (t) => {
  const { url } = await startValkey(t);
  const [first, second] = [await placesIn(t, url, { leaseMs: 1500 }), await placesIn(t, url)];
  await first.places.take(one);
  const redis = new Redis(url);
  t.after(() => redis.disconnect());
  const [key = ''] = await redis.keys('*places*');
  const endOf = async (): Promise<number> => {
    const [lease = ''] = await redis.zrange(key, '0', '0');
    return Number(await redis.zscore(key, lease));
  };
  const begun = await endOf();
  // It has renewed what it holds.
  while ((await endOf()) <= begun) await sleep(20);
  first.die();
  await taken(() => second.places.take(one));
});

test('places without the store: each process has its own, or none', { skip: missingValkey }, async (t) => {
  const valkey = await startValkey(t);
  const [first, second] = [await placesIn(t, valkey.url), await placesIn(t, valkey.url)];
  const refusing = await placesIn(t, valkey.url, { whenDown: 'refuse' });
  await first.places.take([{ id: 'all', key: 'x', count: 1 }]);
  await valkey.kill();
  for (const { places } of [first, second]) {
    const release = await places.take(one);
    await assert.rejects(async () => places.take(one), { message: 'too many calls: 1 calls at a time' });
    release?.();
    await places.take(one);
  }
  await assert.rejects(async () => refusing.places.take(one), { message: 'calls cannot be counted now; try again' });
});

test('calls at a time of two gateways', { skip: missingValkey }, async (t) => {
  const { url } = await startValkey(t);
  const limits = { calls: [{ concurrent: 1 }], store: { url, timeout } };
  const gateways = [await startSecure(t, {}, { limits }), await startSecure(t, {}, { limits })];
  for (const { server } of gateways) await connected(server);
  const [first, second] = gateways.map(
    ({ server }) =>
      () =>
        fetch(`${server.url}/ping`),
  );
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const begun = new Promise<void>((resolve) => {
    gateways[0]?.upstream.script('/vault.Vault/Ping', async () => {
      resolve();
      await gate;
      return { messages: [new Uint8Array()] };
    });
  });
  const going = first?.();
  await begun;
  assert.deepEqual([(await first?.())?.status, (await second?.())?.status], [429, 429]);
  release();
  assert.equal((await going)?.status, 200);
  while ((await second?.())?.status !== 200) await sleep(20);
});
