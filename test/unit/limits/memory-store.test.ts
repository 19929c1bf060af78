/** Counting in memory, over time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../../src/limits/memory-store.ts';

const second = { id: 'a-1s', count: 2, windowMs: 1000, allowed: '2 calls in 1s' };
const minute = { id: 'a-1m', count: 3, windowMs: 60_000, allowed: '3 calls in 1m' };

const steps = [
  { at: 0, key: 'x', isAllowed: true, remaining: [1, 2], resetMs: [1000, 60_000] },
  { at: 400, key: 'x', isAllowed: true, remaining: [0, 1], resetMs: [600, 59_600] },
  { at: 400, key: 'y', isAllowed: true, remaining: [1, 2], resetMs: [1000, 60_000] },
  // What is refused by one is counted by none.
  { at: 999, key: 'x', isAllowed: false, remaining: [0, 1], resetMs: [1, 59_001] },
  { at: 1000, key: 'x', isAllowed: true, remaining: [1, 0], resetMs: [1000, 59_000] },
  { at: 1000, key: 'x', isAllowed: false, remaining: [1, 0], resetMs: [1000, 59_000] },
  { at: 60_000, key: 'x', isAllowed: true, remaining: [1, 2], resetMs: [1000, 60_000] },
];

test('windows begin with their first call and end together with it', () => {
  let now = 0;
  const store = new MemoryStore(() => now);
  for (const { at, key, ...expected } of steps) {
    now = at;
    const { isAllowed, standings } = store.take([second, minute].map((rate) => ({ ...rate, key })));
    const remaining = standings.map((standing) => standing.remaining);
    const resetMs = standings.map((standing) => standing.resetMs);
    assert.deepEqual({ isAllowed, remaining, resetMs }, expected, `${key} at ${at}`);
  }
});

test('of more keys than there is room for, the window that ends soonest is given up', () => {
  let now = 0;
  const store = new MemoryStore(() => now);
  const take = (key: string): boolean => store.take([{ ...minute, count: 1, key }]).isAllowed;
  assert.ok(take('first'));
  now = 1;
  assert.ok(take('victim'));
  for (let index = 0; index < 99_999; index++) take(`other${index}`);
  assert.equal(take('victim'), false);
  assert.ok(take('first'));
});
