import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GrpcCode } from '../../../../src/status/code.ts';
import { RetryBudget, type RetryPolicy, RetryState } from '../../../../src/upstream/balancing/retry-policy.ts';
import type { RetryHint } from '../../../../src/upstream/calls.ts';

const { UNAVAILABLE, INTERNAL } = GrpcCode;
const policy: RetryPolicy = {
  maxAttempts: 4,
  initialBackoffMs: 100,
  maxBackoffMs: 250,
  backoffMultiplier: 2,
  retryableStatusCodes: new Set([UNAVAILABLE]),
};

interface Case {
  readonly name: string;
  readonly failures: readonly (readonly [code: GrpcCode, hint?: RetryHint])[];
  readonly pauses: readonly (number | undefined)[];
  readonly random?: number;
  readonly maxTokens?: number;
}

const cases: readonly Case[] = [
  {
    name: 'pauses grow to their maximum, attempts end',
    failures: [[UNAVAILABLE], [UNAVAILABLE], [UNAVAILABLE], [UNAVAILABLE]],
    pauses: [100, 200, 250, undefined],
  },
  { name: 'a fifth less', random: 0, failures: [[UNAVAILABLE]], pauses: [80] },
  { name: 'a fifth more', random: 1, failures: [[UNAVAILABLE]], pauses: [120] },
  { name: 'another code', failures: [[INTERNAL]], pauses: [undefined] },
  {
    name: 'the upstream asks for a pause; the next begins anew',
    failures: [[UNAVAILABLE], [UNAVAILABLE, 7000], [UNAVAILABLE]],
    pauses: [100, 7000, 100],
  },
  { name: 'the upstream asks for none', failures: [[UNAVAILABLE, 0]], pauses: [0] },
  { name: 'the upstream forbids it', failures: [[UNAVAILABLE, 'never']], pauses: [undefined] },
  { name: 'a pause asked for with another code', failures: [[INTERNAL, 10]], pauses: [undefined] },
  { name: 'a call that nobody looked at', failures: [[UNAVAILABLE, 'unseen']], pauses: [100] },
  { name: 'the budget', maxTokens: 3, failures: [[UNAVAILABLE], [UNAVAILABLE]], pauses: [100, undefined] },
];

for (const { name, failures, pauses, random = 0.5, maxTokens = 10 } of cases) {
  test(`retries: ${name}`, () => {
    const state = new RetryState(policy, new RetryBudget({ maxTokens, tokenRatio: 0.1 }));
    const given = failures.map(([code, hint]) => state.next(code, hint, random));
    assert.deepEqual(given, pauses);
  });
}

test('the budget of an upstream that is down, and its return', () => {
  const budget = new RetryBudget({ maxTokens: 10, tokenRatio: 0.5 });
  const fail = (): boolean => new RetryState(policy, budget).next(UNAVAILABLE, undefined, 0.5) !== undefined;
  const retried = Array.from({ length: 8 }, fail);
  assert.deepEqual(retried, [true, true, true, true, false, false, false, false]);
  assert.equal(budget.throttled, 4);
  for (let success = 0; success < 9; success++) budget.succeeded();
  assert.equal(fail(), true, '2 + 4.5 tokens less one are more than half');
});
