/** What cells say of the calls in them, against all the calls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addCell,
  addDuration,
  addJsonEstimate,
  at,
  type Cell,
  emptyCell,
  increase,
  jsonBytes,
  MOST_MS,
  packCell,
  percentile,
  unpackCell,
} from '../../../src/server/analytics/cell.ts';

/** Numbers from 0 to 1 that look like chance, the same each time. */
function* chances(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Durations in milliseconds, each kind made of numbers from 0 to 1. */
const distributions: Readonly<Record<string, (chance: number) => number>> = {
  'all the same': () => 7.3,
  even: (chance) => 0.2 + chance * 50,
  'mostly short': (chance) => 0.15 / (1 - chance) ** 1.2,
  'short or long': (chance) => (chance < 0.97 ? 2 + chance : 900 + chance * 300),
  'on the ends of buckets': (chance) => 0.1 * 2 ** (Math.floor(chance * 60) / 4),
  'too short to tell': (chance) => chance / 20,
};

/** One nearest above: the definition of a percentile that a count of buckets can follow. */
function exactPercentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}

for (const [name, durationOf] of Object.entries(distributions)) {
  for (const count of [1, 10, 5_000]) {
    test(`percentiles, ${name}, ${count} calls: at most 19 % above the truth, never below`, () => {
      const source = chances(count);
      const durations = Array.from({ length: count }, () => durationOf(source.next().value));
      const cell = emptyCell();
      for (const ms of durations) addDuration(cell, ms);
      for (const share of [0.5, 0.95, 0.99]) {
        const exact = Math.max(0.1, exactPercentile(durations, share));
        const told = percentile(cell, share) ?? 0;
        assert.ok(told >= exact * (1 - 1e-9) && told <= exact * 1.19, `${share}: ${exact} is told as ${told}`);
      }
    });
  }
}

test('percentiles of no calls, and of calls beyond what is told apart', () => {
  const cell = emptyCell();
  assert.equal(percentile(cell, 0.5), undefined);
  addDuration(cell, MOST_MS);
  assert.equal(percentile(cell, 0.5), MOST_MS);
  addDuration(cell, MOST_MS * 1.01);
  assert.equal(percentile(cell, 0.99), Number.POSITIVE_INFINITY);
});

/** A cell of one method: messages and their bytes, and those of them that were converted. */
function cellWith(
  messages: number,
  bytes: number,
  sampled: readonly [count: number, bytes: number, json: number],
): Cell {
  const cell = emptyCell();
  increase(cell, at.messages, messages);
  increase(cell, at.bytes, bytes);
  increase(cell, at.sampled, sampled[0]);
  increase(cell, at.sampledBytes, sampled[1]);
  increase(cell, at.sampledJson, sampled[2]);
  return cell;
}

const estimates: readonly (readonly [name: string, cells: readonly Cell[], json: number | undefined])[] = [
  ['nothing', [], undefined],
  ['all of them were converted', [cellWith(4, 18, [4, 18, 60])], 60],
  ['one in ten was', [cellWith(40, 180, [4, 18, 60])], 600],
  ['empty messages are two bytes each', [cellWith(10, 0, [2, 0, 4])], 20],
  ['none of them was', [cellWith(4, 18, [0, 0, 0])], undefined],
  [
    'those of which nothing is known are like the others',
    [cellWith(1, 10, [1, 10, 30]), cellWith(1, 5, [0, 0, 0])],
    45,
  ],
  ['each method has its own ratio', [cellWith(2, 20, [1, 10, 20]), cellWith(2, 20, [1, 10, 50])], 140],
];

for (const [name, cells, json] of estimates) {
  test(`bytes as JSON: ${name}`, () => {
    const sum = emptyCell();
    for (const cell of cells) {
      addCell(sum, cell);
      addJsonEstimate(sum, cell);
    }
    assert.equal(jsonBytes(sum), json);
  });
}

test('durations of streams count for their method, and not among others', () => {
  const stream = emptyCell();
  increase(stream, at.streams, 1);
  addDuration(stream, 5_000);
  const [own, all] = [emptyCell(), emptyCell()];
  addCell(own, stream);
  addCell(all, stream, false);
  assert.ok((percentile(own, 0.5) ?? 0) >= 5_000);
  assert.equal(percentile(all, 0.5), undefined);
});

test('a cell goes between processes and back', () => {
  const cell = cellWith(3, 1e12, [2, 7, 9]);
  addDuration(cell, 3);
  assert.deepEqual(unpackCell(JSON.parse(JSON.stringify(packCell(cell)))), cell);
});
