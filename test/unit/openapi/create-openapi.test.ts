import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { createOpenApi } from '../../../src/openapi/create-openapi.ts';
import { downconvert } from '../../../src/openapi/downconvert.ts';
import type { OpenApiOptions } from '../../../src/openapi/options.ts';
import { operationsOf } from '../../integration/example-requests.ts';
import { bindingsOf, documentOf, writtenDocuments } from '../../openapi-documents.ts';
import { facts } from '../../openapi-facts.ts';

describe('documents as written', async () => {
  for (const [file, text] of await writtenDocuments()) {
    test(file, () => assert.equal(text, readFileSync(file, 'utf8'), 'run `npm run golden` and read the difference'));
  }
});

const own = (name: string): string => `test/protos/openapi/${name}.proto`;
const protos = ['paths', 'types', 'proto2', 'streams'].map(own);
const sources: readonly (readonly string[])[] = [
  [own('google_options')],
  [own('gateway_options')],
  [own('gnostic_options')],
  [own('constraints')],
  ...protos.map((file) => [file]),
  ['protos/example'],
  protos,
];

const errorTypes: readonly (readonly [errors: 'status' | 'google' | 'problem', types: readonly string[]])[] = [
  ['status', ['application/json', 'application/problem+json']],
  ['google', ['application/json', 'application/problem+json']],
  ['problem', ['application/problem+json']],
];
for (const [errors, types] of errorTypes) {
  test(`errors as ${errors}`, async () => {
    const { components } = await documentOf(['protos/example'], { errors });
    assert.deepEqual(Object.keys(components.responses['Error']?.content ?? {}), types);
  });
}

test('a binding for any HTTP method has those that no other rule has', async () => {
  const operations = operationsOf(await documentOf([own('paths')]));
  const any = operations.filter(({ operation }) => operation['x-grpc-method'] === 'test.paths.v1.Paths/Any');
  assert.deepEqual(
    any.map(({ method, path }) => `${method} ${path}`),
    ['PUT /v1/things', 'POST /v1/things', 'DELETE /v1/things', 'PATCH /v1/things'],
  );
});

const styles = ['segments', 'pattern'] as const;

for (const source of sources) {
  for (const pathStyle of styles) {
    describe(`facts of ${source.join(' ')}, ${pathStyle}`, async () => {
      const { schema, bindings } = await bindingsOf(source);
      const options: OpenApiOptions = { title: 'facts', version: '1', pathStyle, visibility: ['INTERNAL'] };
      const document = createOpenApi({ bindings, schema, options });

      for (const [fact, check] of facts) test(fact, () => check(document, bindings));

      test('the order of loading does not show', () => {
        const again = createOpenApi({ bindings: bindings.toReversed(), schema, options });
        assert.equal(JSON.stringify(again), JSON.stringify(document));
      });

      test('each component is referred to', () => {
        const text = JSON.stringify(document);
        for (const [kind, map] of Object.entries(document.components)) {
          const isScheme = kind === 'securitySchemes';
          const useOf = (name: string): string => (isScheme ? `{"${name}":[` : `"#/components/${kind}/${name}"`);
          for (const name of Object.keys(map)) assert.ok(text.includes(useOf(name)), name);
        }
      });

      for (const version of [document, downconvert(document)]) {
        test(`is valid OpenAPI ${version.openapi}`, async () => {
          const plain = JSON.parse(JSON.stringify(version));
          assert.deepEqual(await new Validator().validate(plain), { valid: true });
        });
      }
    });
  }
}
