import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BalancingPolicy, createPick } from '../../../../src/upstream/balancing/picker.ts';

/** Numbers in turn, and from the beginning again. */
function numbers(...values: readonly number[]): () => number {
  let index = 0;
  return () => values[index++ % values.length] as number;
}

const cases: readonly (readonly [
  policy: BalancingPolicy,
  loads: Readonly<Record<string, number>>,
  random: () => number,
  picked: string,
])[] = [
  ['pick_first', { a: 9, b: 0 }, numbers(0.9), 'aaaa'],
  ['round_robin', { a: 9, b: 0, c: 0 }, numbers(0), 'abcabc'],
  ['round_robin', { a: 0 }, numbers(0.7), 'aaa'],
  ['least_request', { a: 5, b: 1, c: 3 }, numbers(0, 0.4), 'bb'],
  ['least_request', { a: 5, b: 1, c: 3 }, numbers(0, 0.9), 'cc'],
  ['least_request', { a: 2, b: 2 }, numbers(0.9, 0), 'ba'],
  ['least_request', { a: 1, b: 0 }, numbers(0, 0, 0.9), 'bbbb'],
];

for (const [policy, loads, random, picked] of cases) {
  test(`${policy} of ${JSON.stringify(loads)} picks ${picked}`, () => {
    const candidates = Object.entries(loads).map(([name, inFlight]) => ({ name, inFlight }));
    const pick = createPick(policy, 2, random);
    assert.equal(Array.from(picked, () => pick(candidates).name).join(''), picked);
  });
}

test('least_request with more choices finds the least', () => {
  const candidates = [9, 8, 7, 1].map((inFlight) => ({ inFlight }));
  assert.equal(createPick('least_request', 4, numbers(0.3))(candidates).inFlight, 1);
});
