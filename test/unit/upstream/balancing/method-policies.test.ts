import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileMethodPolicies } from '../../../../src/upstream/balancing/method-policies.ts';

const policyOf = compileMethodPolicies([
  { name: [{ service: 'p.A', method: 'Get' }, { service: 'p.B' }], timeoutMs: 1 },
  { name: [{ service: 'p.A' }], timeoutMs: 2 },
  { name: [{ service: 'p.A', method: 'Get' }], timeoutMs: 3 },
  { name: [{}], timeoutMs: 4 },
]);

const cases: readonly (readonly [path: string, timeoutMs: number])[] = [
  ['/p.A/Get', 1],
  ['/p.A/Put', 2],
  ['/p.B/Get', 1],
  ['/p.C/Get', 4],
  ['/p.A/GetMore', 2],
  ['/p.AB/Get', 4],
];

for (const [path, timeoutMs] of cases) {
  test(`the configuration of ${path}`, () => {
    assert.equal(policyOf?.(path)?.timeoutMs, timeoutMs);
    assert.equal(policyOf?.(path)?.timeoutMs, timeoutMs, 'the second time as well');
  });
}

test('no method is configured', () => assert.equal(compileMethodPolicies([]), undefined));

test('a method that no entry is for', () => {
  assert.equal(compileMethodPolicies([{ name: [{ service: 'p.A' }], timeoutMs: 1 }])?.('/p.B/Get'), undefined);
});
