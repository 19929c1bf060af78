/** What holds of every document, whatever the bindings. */
import assert from 'node:assert/strict';
import type { OpenApiDocument } from '../src/openapi/document.ts';
import type { Binding } from '../src/routing/binding.ts';
import { operationsOf } from './integration/example-requests.ts';

type Fact = (document: OpenApiDocument, bindings: readonly Binding[]) => void;

export const facts: readonly (readonly [name: string, check: Fact])[] = [
  ['each binding of one HTTP method appears once', eachBindingOnce],
  ['each operationId is unique', operationIdsAreUnique],
  ['the parameters in a path are the ones declared', parametersAreDeclared],
  ['no operation has a parameter twice', parametersAreUnique],
  ['each $ref resolves', refsResolve],
];

function eachBindingOnce(document: OpenApiDocument, bindings: readonly Binding[]): void {
  const any = new Set(bindings.filter(({ httpMethod }) => httpMethod === '*').map(nameOf));
  const found = operationsOf(document).map(({ operation, method }) => `${method} ${operation['x-grpc-method']}`);
  const isNamed = (text: string): boolean => !any.has(text.slice(text.indexOf(' ') + 1));
  const named = bindings.map((binding) => `${binding.httpMethod} ${nameOf(binding)}`);
  assert.deepEqual(found.filter(isNamed).sort(), named.filter(isNamed).sort());
}

function operationIdsAreUnique(document: OpenApiDocument): void {
  assertUnique(operationsOf(document).map(({ operation }) => operation.operationId));
}

function parametersAreDeclared(document: OpenApiDocument): void {
  for (const { path, operation } of operationsOf(document)) {
    const declared = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
    assert.deepEqual(
      [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name),
      declared,
    );
  }
}

function parametersAreUnique(document: OpenApiDocument): void {
  for (const { operation } of operationsOf(document)) {
    assertUnique((operation.parameters ?? []).map((each) => `${each.in} ${each.name}`));
  }
}

function refsResolve(document: OpenApiDocument): void {
  for (const [, kind = '', name = ''] of JSON.stringify(document).matchAll(
    /"\$ref":"#\/components\/(\w+)\/([^"]*)"/g,
  )) {
    assert.ok(Object.hasOwn(document.components[kind as 'schemas'] ?? {}, name), `${kind} ${name}`);
  }
}

function nameOf({ method }: Binding): string {
  return method.path.slice(1);
}

function assertUnique(values: readonly string[]): void {
  assert.deepEqual(values, [...new Set(values)]);
}
