import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareMedians, histogram, meanOf, percentile, summarize } from '../../../src/compare/statistics.ts';

const from = (count: number, of: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, index) => of(index));

test('percentiles lie between the values by their distance', () => {
  const rows: readonly (readonly [number[], number, number])[] = [
    [[1], 50, 1],
    [[1, 2], 50, 1.5],
    [[1, 2, 3, 4, 5], 90, 4.6],
    [[1, 2, 3], 0, 1],
    [[1, 2, 3], 100, 3],
  ];
  for (const [values, percent, expected] of rows) assert.equal(percentile(values, percent), expected);
});

test('a summary needs no order', () => {
  const { count, mean, min, p50, max } = summarize([3, 1, 2]);
  assert.deepEqual([count, mean, min, p50, max], [3, 2, 1, 2, 3]);
});

test('a difference is seen where there is one, with its interval around it', () => {
  const left = from(200, (index) => 10 + (index % 7));
  const { difference, low, high, isSeen } = compareMedians(
    left,
    left.map((value) => value + 3),
  );
  assert.deepEqual([difference, isSeen], [3, true]);
  assert.ok(low <= 3 && 3 <= high && low > 0, `${low} ${high}`);
});

test('none is seen in what is the same but for chance', () => {
  const left = from(100, (index) => (index * 37) % 101);
  const right = from(100, (index) => (index * 53) % 101);
  assert.equal(compareMedians(left, right).isSeen, false);
});

test('the same durations say the same', () => {
  const durations = from(50, (index) => index % 11);
  assert.deepEqual(compareMedians(durations, durations), compareMedians(durations, durations));
});

test('a mean has the interval of Student, and of one value none', () => {
  const rows: readonly (readonly [number[], number, number | undefined])[] = [
    [[5], 5, undefined],
    [[1, 3], 2, 12.706],
    [[1, 2, 3, 4, 5], 3, 1.963],
    [from(10, (index) => index), 4.5, 2.166],
    [from(11, (index) => index), 5, 2.226],
    [from(31, (index) => index), 15, 3.335],
    [from(5, () => 7), 7, 0],
  ];
  for (const [values, expected, margin] of rows) {
    const found = meanOf(values);
    assert.equal(found.mean, expected);
    assert.equal(found.margin?.toFixed(2), margin?.toFixed(2), String(values.length));
  }
});

test('every duration is in one bin, the slowest in the last', () => {
  const durations = [...from(99, () => 1), 1000];
  const bins = histogram(durations, 4);
  assert.equal(
    bins.reduce((sum, { count }) => sum + count, 0),
    100,
  );
  assert.equal(bins.at(-1)?.count, 1);
  assert.deepEqual(
    histogram([5], 3).map(({ count }) => count),
    [1, 0, 0],
  );
});
