import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createRouteTable, type RouteTable, type RouteTableOptions } from '../../../src/routing/route-table.ts';
import { formatProblem } from '../../../src/schema/problem.ts';
import { StatusError } from '../../../src/status/status-error.ts';
import { bindingsOf, ruleOf } from './fixture.ts';

/** The rule and its captures, or 404, or what 405 and OPTIONS tell, or the message of a 400. */
type Outcome =
  | readonly string[]
  | 404
  | { readonly allow: readonly string[] }
  | { readonly options: readonly string[] }
  | { readonly error: string };

interface Case {
  readonly name: string;
  readonly rules: readonly string[];
  readonly options?: RouteTableOptions;
  readonly requests: Readonly<Record<string, Outcome>>;
}

const cases: readonly Case[] = JSON.parse(readFileSync('test/cases/route-table.json', 'utf8'));

function outcomeOf(table: RouteTable, request: string): Outcome {
  const space = request.indexOf(' ');
  try {
    const outcome = table.match(request.slice(0, space), request.slice(space + 1));
    switch (outcome.kind) {
      case 'matched':
        return [ruleOf(outcome.binding), ...outcome.captures];
      case 'unmatched':
        return 404;
      case 'wrongMethod':
        return { allow: outcome.allow };
      case 'options':
        return { options: outcome.allow };
    }
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return { error: error.message };
  }
}

for (const { name, rules, options = {}, requests } of cases) {
  for (const [order, ordered] of [
    ['in order', rules],
    ['in reverse order', rules.toReversed()],
  ] as const) {
    const { table, problems } = createRouteTable(bindingsOf(ordered), options);
    for (const [request, outcome] of Object.entries(requests)) {
      test(`${name}, ${order}: ${request}`, () => {
        assert.deepEqual(problems, []);
        assert.deepEqual(outcomeOf(table, request), outcome);
      });
    }
  }
}

const twice = ['GET /v1/{a}', 'POST /v1/{a}', 'GET /v1/{b=*}'];

test('the same method and template twice is a problem that names both', () => {
  const { table, problems } = createRouteTable(bindingsOf(twice));
  assert.deepEqual(problems.map(formatProblem), [
    'rules.proto:3 Rules.M3: GET /v1/{b} is already the rule of Rules.M1 (rules.proto:1); change one of them, or set duplicates to firstWins or lastWins',
  ]);
  assert.deepEqual(table.bindings.map(ruleOf), ['GET /v1/{a}', 'POST /v1/{a}']);
});

for (const [duplicates, winner, finding] of [
  [
    'firstWins',
    0,
    'rules.proto:3 Rules.M3: GET /v1/{b} is unreachable, because Rules.M1 (rules.proto:1) has it and duplicates is firstWins',
  ],
  [
    'lastWins',
    2,
    'rules.proto:1 Rules.M1: GET /v1/{a} is unreachable, because Rules.M3 (rules.proto:3) has it and duplicates is lastWins',
  ],
] as const) {
  test(`with duplicates ${duplicates} it is a finding`, () => {
    const bindings = bindingsOf(twice);
    const { table, problems, findings } = createRouteTable(bindings, { duplicates });
    assert.deepEqual([problems, findings.map(formatProblem)], [[], [finding]]);
    assert.deepEqual(table.match('GET', '/v1/x'), { kind: 'matched', binding: bindings[winner], captures: ['x'] });
    assert.deepEqual(table.bindings, [bindings[winner === 0 ? 0 : 1], bindings[winner === 0 ? 1 : 2]]);
  });
}

test('rules with the same path but another verb or method are no duplicates', () => {
  const rules = ['GET /a/{x}', 'GET /a/{x}:go', 'POST /a/{x}:go', '* /a/{x}', 'GET /a/**', 'GET /a/%2A'];
  assert.deepEqual(createRouteTable(bindingsOf(rules)).problems, []);
});
