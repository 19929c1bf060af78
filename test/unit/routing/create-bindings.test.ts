import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Binding } from '../../../src/routing/binding.ts';
import { type BindingsResult, createBindings } from '../../../src/routing/create-bindings.ts';
import type { MethodDescriptor } from '../../../src/schema/descriptors.ts';
import type { HttpRule } from '../../../src/schema/http-rule.ts';
import { loadSchema } from '../../../src/schema/load-schema.ts';
import { formatProblem } from '../../../src/schema/problem.ts';

interface Row {
  /** `GET /v1/{name}`, for the method Call unless `method` names another. */
  readonly rule: string;
  readonly method?: string;
  readonly body?: string;
  readonly responseBody?: string;
}

interface Cases {
  readonly accepted: readonly (Row & {
    readonly binding: string;
    readonly variables?: readonly string[];
    readonly whole?: boolean;
    readonly bodyField?: string;
    readonly responseField?: string;
  })[];
  readonly questionable: readonly (Row & { readonly findings: readonly string[] })[];
  readonly refused: readonly (Row & { readonly problems: readonly string[] })[];
}

const cases: Cases = JSON.parse(readFileSync('test/cases/bindings.json', 'utf8'));
const { schema } = await loadSchema({ protos: ['test/protos/bindings.proto'] });
const position = { file: 'bindings.proto', line: 7, column: 1 };

function methodOf(name: string): MethodDescriptor {
  const method = schema.methods.get(`bindings.v1.Library.${name}`);
  assert.ok(method);
  return method;
}

function ruleOf({ rule, body = '', responseBody = '' }: Row): HttpRule {
  const [httpMethod = '', path = ''] = rule.split(' ');
  return { httpMethod, path, body, responseBody, position };
}

function bind(row: Row): BindingsResult {
  return createBindings([{ method: methodOf(row.method ?? 'Call'), rules: [ruleOf(row)] }]);
}

function titleOf({ rule, body, responseBody }: Row): string {
  return [rule, body && `body ${body}`, responseBody && `response_body ${responseBody}`].filter(Boolean).join(', ');
}

function summaryOf({ httpMethod, path, variables, body, responseBody }: Binding): object {
  return {
    binding: `${httpMethod} ${path}`,
    variables: variables.map(({ text, start, end, isMultiSegment, fields }) => {
      assert.equal(fields.map((field) => field.name).join('.'), text);
      return `${text} ${start}-${end}${isMultiSegment ? ' multi' : ''}`;
    }),
    whole: body.kind === 'whole',
    bodyField: body.kind === 'field' ? body.field.name : undefined,
    responseField: responseBody?.name,
  };
}

for (const row of cases.accepted) {
  test(`${titleOf(row)} is accepted`, () => {
    const { bindings, problems, findings } = bind(row);
    assert.deepEqual([problems, findings], [[], []]);
    const { binding, variables = [], whole = false, bodyField, responseField } = row;
    assert.deepEqual(bindings.map(summaryOf), [{ binding, variables, whole, bodyField, responseField }]);
  });
}

for (const row of cases.questionable) {
  test(`${titleOf(row)} is accepted with a finding`, () => {
    const { bindings, problems, findings } = bind(row);
    assert.deepEqual([bindings.length, problems], [1, []]);
    assert.deepEqual(
      findings.map(formatProblem),
      row.findings.map((text) => `bindings.proto:7 Library.Call: ${text}`),
    );
  });
}

for (const row of cases.refused) {
  test(`${titleOf(row)} is refused`, () => {
    const { bindings, problems } = bind(row);
    assert.deepEqual(bindings, []);
    const subject = `Library.${row.method ?? 'Call'}`;
    assert.deepEqual(
      problems.map(formatProblem),
      row.problems.map((text) => `bindings.proto:7 ${subject}: ${text}`),
    );
  });
}

test('every rule of a method has its binding, additional ones counted from 1; a wrong one does not hold up the others', () => {
  const rules = ['GET /a/{name}', 'GET /b/{nothing}', 'GET /c/{name}'].map((rule) => ruleOf({ rule }));
  const { bindings, problems } = createBindings([
    { method: methodOf('Call'), rules },
    { method: methodOf('Clear'), rules: [ruleOf({ rule: 'DELETE /a' })] },
  ]);
  assert.deepEqual(
    bindings.map(({ id, index, position: at }) => [id, index, at]),
    [
      ['bindings.v1.Library.Call#0', 0, position],
      ['bindings.v1.Library.Call#2', 2, position],
      ['bindings.v1.Library.Clear#0', 0, position],
    ],
  );
  assert.equal(problems.length, 1);
});

test('a method without a rule is bound only by autoMapping, to its gRPC path', () => {
  const rules = [{ method: methodOf('Call'), rules: [] }];
  assert.deepEqual(createBindings(rules).bindings, []);
  const { bindings, problems, findings } = createBindings(rules, { autoMapping: true });
  assert.deepEqual([problems, findings], [[], []]);
  assert.deepEqual(bindings.map(summaryOf), [
    {
      binding: 'POST /bindings.v1.Library/Call',
      variables: [],
      whole: true,
      bodyField: undefined,
      responseField: undefined,
    },
  ]);
  assert.deepEqual(bindings[0]?.position, methodOf('Call').position);
});

test('segments behind ** stand in service configurations, and in annotations where that is allowed', () => {
  const rule = ruleOf({ rule: 'GET /a/{name=b/**}/c' });
  const bound = (isConfigured: boolean, deepWildcards?: 'last' | 'anywhere') =>
    createBindings(
      [{ method: methodOf('Call'), rules: [{ ...rule, isConfigured }] }],
      deepWildcards && { deepWildcards },
    );
  assert.match(bound(false).problems[0]?.message ?? '', /no segment may follow '\*\*'/);
  assert.equal(bound(false, 'last').problems.length, 1);
  for (const { bindings, problems } of [bound(true), bound(true, 'last'), bound(false, 'anywhere')]) {
    assert.deepEqual(problems, []);
    assert.deepEqual(
      bindings.flatMap(({ variables }) => variables.map(({ text, start, end }) => [text, start, end])),
      [['name', 1, 3]],
    );
  }
});
