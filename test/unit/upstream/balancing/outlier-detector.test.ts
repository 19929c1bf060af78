import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OutlierDetection, OutlierDetector } from '../../../../src/upstream/balancing/outlier-detector.ts';

const base: OutlierDetection = {
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionTimeMs: 70_000,
  maxEjectionPercent: 50,
  consecutiveFailures: 0,
};
const rate = { stdevFactor: 1000, enforcementPercentage: 100, minimumHosts: 3, requestVolume: 10 };
const percentage = { threshold: 50, enforcementPercentage: 100, minimumHosts: 3, requestVolume: 10 };

interface Case {
  readonly name: string;
  readonly config: Partial<OutlierDetection>;
  /** Of each address the calls of an interval: successes and failures. */
  readonly calls: Readonly<Record<string, readonly [successes: number, failures: number]>>;
  readonly ejected: string;
  readonly random?: number;
}

const cases: readonly Case[] = [
  {
    name: 'far below the mean',
    config: { successRateEjection: rate },
    calls: { a: [10, 0], b: [9, 1], c: [10, 0], d: [2, 8] },
    ejected: 'd',
  },
  {
    name: 'all fail alike',
    config: { successRateEjection: rate },
    calls: { a: [1, 9], b: [1, 9], c: [1, 9] },
    ejected: '',
  },
  {
    name: 'a wider margin',
    config: { successRateEjection: { ...rate, stdevFactor: 1900 } },
    calls: { a: [10, 0], b: [10, 0], c: [10, 0], d: [0, 10] },
    ejected: '',
  },
  {
    name: 'too few calls are not judged',
    config: { successRateEjection: rate, failurePercentageEjection: percentage },
    calls: { a: [10, 0], b: [10, 0], c: [10, 0], d: [0, 9] },
    ejected: '',
  },
  {
    name: 'too few addresses are not judged',
    config: { successRateEjection: rate, failurePercentageEjection: percentage },
    calls: { a: [10, 0], b: [0, 10] },
    ejected: '',
  },
  {
    name: 'over the threshold',
    config: { failurePercentageEjection: percentage },
    calls: { a: [10, 0], b: [5, 5], c: [4, 6] },
    ejected: 'c',
  },
  {
    name: 'no more than the maximum',
    config: { failurePercentageEjection: percentage, maxEjectionPercent: 40 },
    calls: { a: [0, 10], b: [0, 10], c: [0, 10], d: [10, 0], e: [10, 0] },
    ejected: 'ab',
  },
  {
    name: 'one at least, however small its share',
    config: { failurePercentageEjection: percentage, maxEjectionPercent: 1 },
    calls: { a: [0, 10], b: [0, 10], c: [10, 0] },
    ejected: 'a',
  },
  {
    name: 'none',
    config: { failurePercentageEjection: percentage, maxEjectionPercent: 0 },
    calls: { a: [0, 10], b: [10, 0], c: [10, 0] },
    ejected: '',
  },
  {
    name: 'enforced by chance',
    random: 0.3,
    config: { failurePercentageEjection: { ...percentage, enforcementPercentage: 30 } },
    calls: { a: [0, 10], b: [10, 0], c: [10, 0] },
    ejected: '',
  },
  {
    name: 'enforced by chance, below it',
    random: 0.29,
    config: { failurePercentageEjection: { ...percentage, enforcementPercentage: 30 } },
    calls: { a: [0, 10], b: [10, 0], c: [10, 0] },
    ejected: 'a',
  },
  {
    name: 'in a row',
    config: { consecutiveFailures: 3 },
    calls: { a: [9, 3], b: [9, 2], c: [0, 0] },
    ejected: 'a',
  },
];

for (const { name, config, calls, ejected, random = 0.5 } of cases) {
  test(`outliers: ${name}`, () => {
    const detector = new OutlierDetector<string>({ ...base, ...config }, () => random);
    const addresses = Object.keys(calls);
    detector.keep(addresses);
    for (const [address, [successes, failures]] of Object.entries(calls)) {
      for (let call = 0; call < successes; call++) detector.record(address, false, 0);
      for (let call = 0; call < failures; call++) detector.record(address, true, 0);
    }
    detector.sweep(10_000);
    assert.equal(addresses.filter((address) => detector.isEjected(address)).join(''), ejected);
  });
}

test('a success in between begins the row anew', () => {
  const detector = new OutlierDetector<string>({ ...base, consecutiveFailures: 2 });
  detector.keep(['a', 'b']);
  const outcomes = [true, false, true, true].map((isFailure) => detector.record('a', isFailure, 0));
  assert.deepEqual(outcomes, [false, false, false, true]);
});

test('an ejection ends after its time, which grows with each and shrinks with good intervals', () => {
  const detector = new OutlierDetector<string>({ ...base, consecutiveFailures: 1 });
  detector.keep(['a', 'b']);
  let now = 0;
  const sweep = (): void => {
    now += 10_000;
    detector.sweep(now);
  };
  const ejectedFor = (): number => {
    detector.record('a', true, now);
    const from = now;
    while (detector.isEjected('a')) sweep();
    return now - from;
  };
  // The sweep that lets it in again does not count as a good interval.
  assert.deepEqual([ejectedFor(), ejectedFor(), ejectedFor(), ejectedFor()], [30_000, 60_000, 70_000, 70_000]);
  for (let interval = 0; interval < 3; interval++) sweep();
  assert.equal(ejectedFor(), 60_000, 'the second base time: three of four are forgiven');
  assert.equal(detector.ejectionsOf('a'), 5);
});

test('an address that is gone is forgotten', () => {
  const detector = new OutlierDetector<string>({ ...base, consecutiveFailures: 1 });
  detector.keep(['a', 'b']);
  detector.record('a', true, 0);
  detector.keep(['b']);
  assert.equal(detector.record('a', true, 0), false);
  detector.keep(['a', 'b']);
  assert.equal(detector.isEjected('a'), false);
});
