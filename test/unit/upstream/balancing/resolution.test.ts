import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Resolution } from '../../../../src/upstream/balancing/resolution.ts';
import { parseTargets } from '../../../../src/upstream/target.ts';
import { FakeClock, settled } from './fake-clock.ts';

interface Rig {
  readonly clock: FakeClock;
  readonly resolution: Resolution;
  /** What DNS has; undefined when it fails. */
  readonly zone: Map<string, readonly string[]>;
  readonly asked: string[];
  readonly texts: () => readonly string[];
  changes: number;
}

async function rig(t: TestContext, written: string, zone: Readonly<Record<string, readonly string[]>>): Promise<Rig> {
  const clock = new FakeClock();
  const asked: string[] = [];
  const found = new Map(Object.entries(zone));
  const lookUp = async (host: string): Promise<readonly string[]> => {
    asked.push(host);
    const ips = found.get(host);
    if (ips === undefined) throw new Error(`ENOTFOUND ${host}`);
    return ips;
  };
  const resolution = new Resolution(parseTargets(written).all, { lookUp, clock, refreshMs: 30_000 });
  t.after(() => resolution.stop());
  const texts = (): readonly string[] => resolution.addresses.map(({ text }) => text);
  const result: Rig = { clock, resolution, zone: found, asked, texts, changes: 0 };
  resolution.start(() => result.changes++);
  await settled();
  return result;
}

test('addresses that are written down are there at once, and DNS is not asked', async (t) => {
  const { asked, texts, clock, resolution } = await rig(t, 'a:1,b:2,a:1', {});
  resolution.refresh();
  assert.deepEqual([texts(), asked, clock.due], [['a:1', 'b:2'], [], []]);
});

test('every address of a name, in the order of DNS, among others', async (t) => {
  const { texts, resolution } = await rig(t, 'a:1,dns:///api:2', { api: ['10.0.0.2', '::1', '10.0.0.1'] });
  assert.deepEqual(texts(), ['a:1', '10.0.0.2:2', '[::1]:2', '10.0.0.1:2']);
  const [, second] = resolution.addresses;
  assert.deepEqual(second, {
    kind: 'host',
    text: '10.0.0.2:2',
    isTls: false,
    host: 'api',
    port: 2,
    isDns: true,
    ip: '10.0.0.2',
  });
});

test('asked again at intervals', async (t) => {
  const { texts, zone, clock, asked } = await rig(t, 'dns:///api:1', { api: ['10.0.0.1'] });
  zone.set('api', ['10.0.0.2']);
  await clock.advance(29_999);
  assert.deepEqual(texts(), ['10.0.0.1:1']);
  await clock.advance(1);
  assert.deepEqual(texts(), ['10.0.0.2:1']);
  assert.equal(asked.length, 2);
});

test('asked again when something is wrong, once a second at most', async (t) => {
  const { clock, asked, resolution } = await rig(t, 'dns:///api:1', { api: ['10.0.0.1'] });
  for (let time = 0; time < 20; time++) {
    resolution.refresh();
    await clock.advance(100);
  }
  assert.equal(asked.length, 3);
});

test('what was known stays while DNS does not answer; it is asked after longer and longer pauses', async (t) => {
  const { texts, zone, clock, asked, resolution } = await rig(t, 'dns:///api:1', { api: ['10.0.0.1'] });
  zone.delete('api');
  await clock.advance(30_000);
  assert.deepEqual(texts(), ['10.0.0.1:1']);
  assert.match(resolution.error?.message ?? '', /ENOTFOUND/);
  const before = asked.length;
  resolution.refresh();
  await clock.advance(1000 + 2000 + 4000);
  assert.equal(asked.length, before + 3);
  zone.set('api', []);
  await clock.advance(8000);
  assert.deepEqual(texts(), ['10.0.0.1:1'], 'no address is no answer');
  zone.set('api', ['10.0.0.9']);
  await clock.advance(16_000);
  assert.deepEqual([texts(), resolution.error], [['10.0.0.9:1'], undefined]);
});

test('a name that is unknown from the beginning', async (t) => {
  const { texts, changes, resolution } = await rig(t, 'dns:///api:1', {});
  assert.deepEqual([texts(), changes, resolution.error?.message], [[], 1, 'ENOTFOUND api']);
});

test('one of two names that fails leaves the other', async (t) => {
  const { texts } = await rig(t, 'dns:///api:1,dns:///gone:1', { api: ['10.0.0.1'] });
  assert.deepEqual(texts(), ['10.0.0.1:1']);
});

test('nothing is asked after the end', async (t) => {
  const { clock, resolution, asked } = await rig(t, 'dns:///api:1', { api: ['10.0.0.1'] });
  resolution.stop();
  resolution.refresh();
  await clock.advance(100_000);
  assert.deepEqual([asked.length, clock.due], [1, []]);
});
