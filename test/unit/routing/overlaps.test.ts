import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findOverlaps, overlapsOf } from '../../../src/routing/overlaps.ts';
import { createRouteTable } from '../../../src/routing/route-table.ts';
import { formatProblem } from '../../../src/schema/problem.ts';
import { bindingsOf, ruleOf } from './fixture.ts';

/** `preferred > other: path` for each overlap of the rules. */
const cases: readonly { readonly rules: readonly string[]; readonly overlaps: readonly string[] }[] = [
  { rules: ['GET /a/{x}', 'GET /a/list'], overlaps: ['GET /a/list > GET /a/{x}: /a/list'] },
  { rules: ['GET /a/{x}', 'POST /a/list'], overlaps: [] },
  { rules: ['GET /a/{x}', 'GET /b/{x}', 'GET /a/{x}/b'], overlaps: [] },
  { rules: ['GET /z/*/d/*', 'GET /z/*/*/h'], overlaps: ['GET /z/*/d/* > GET /z/*/*/h: /z/*/d/h'] },
  { rules: ['GET /a/**', 'GET /a'], overlaps: ['GET /a > GET /a/**: /a'] },
  { rules: ['GET /a/**', 'GET /a/{x}/b/**'], overlaps: ['GET /a/{x}/b/** > GET /a/**: /a/*/b/**'] },
  { rules: ['GET /**', 'GET /a/b'], overlaps: ['GET /a/b > GET /**: /a/b'] },
  { rules: ['GET /*/b/**', 'GET /a/**'], overlaps: ['GET /a/** > GET /*/b/**: /a/b/**'] },
  { rules: ['GET /a/{x}', 'GET /a/{y}:go'], overlaps: ['GET /a/{y}:go > GET /a/{x}: /a/*:go'] },
  { rules: ['GET /a/{x}', 'GET /a/b:go'], overlaps: ['GET /a/b:go > GET /a/{x}: /a/b:go'] },
  { rules: ['GET /a/b', 'GET /a/b:go', 'GET /a/b:stop'], overlaps: [] },
  { rules: ['GET /a/**:go', 'GET /a/{x}:go'], overlaps: ['GET /a/{x}:go > GET /a/**:go: /a/*:go'] },
  { rules: ['* /a/{x}', 'GET /a/{x}'], overlaps: [] },
  { rules: ['* /a/{x}', '* /a/b'], overlaps: ['* /a/b > * /a/{x}: /a/b'] },
  { rules: ['GET /a/{x}', 'GET /a/{y}'], overlaps: [] },
];

for (const { rules, overlaps } of cases) {
  test(`${rules.join(', ')}: ${overlaps.length} overlaps`, () => {
    const found = overlapsOf(bindingsOf(rules));
    assert.deepEqual(
      found.map(({ preferred, other, path }) => `${ruleOf(preferred)} > ${ruleOf(other)}: ${path}`),
      overlaps,
    );
  });
  test(`${rules.join(', ')}: the table prefers the same`, () => {
    const bindings = bindingsOf(rules);
    const { table } = createRouteTable(bindings, { duplicates: 'firstWins' });
    for (const { preferred, path } of overlapsOf(bindings)) {
      const outcome = table.match(preferred.httpMethod, path.replaceAll('*', 'any'));
      assert.ok(outcome.kind === 'matched');
      assert.equal(ruleOf(outcome.binding), ruleOf(preferred));
    }
  });
}

test('a finding stands at the rule that gives way', () => {
  assert.deepEqual(findOverlaps(bindingsOf(['GET /a/{x}', 'GET /a/list'])).map(formatProblem), [
    'rules.proto:1 Rules.M1: GET /a/{x} gives way to Rules.M2 (rules.proto:2) where the path is /a/list',
  ]);
});
