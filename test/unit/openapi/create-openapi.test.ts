import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { createOpenApi } from '../../../src/openapi/create-openapi.ts';
import { downconvert } from '../../../src/openapi/downconvert.ts';
import type { OpenApiOptions } from '../../../src/openapi/options.ts';
import { operationsOf } from '../../integration/openapi-truth.ts';
import { bindingsOf, documentOf, writtenDocuments } from '../../openapi-documents.ts';

describe('documents as written', async () => {
  for (const [file, text] of await writtenDocuments()) {
    test(file, () => assert.equal(text, readFileSync(file, 'utf8'), 'run `npm run golden` and read the difference'));
  }
});

const protos = ['paths', 'types', 'proto2', 'streams'].map((name) => `test/protos/openapi/${name}.proto`);
const sources: readonly (readonly string[])[] = [...protos.map((file) => [file]), ['protos/example'], protos];
const errorTypes = {
  status: ['application/json', 'application/problem+json'],
  google: ['application/json', 'application/problem+json'],
  problem: ['application/problem+json'],
} as const;
for (const errors of ['status', 'google', 'problem'] as const) {
  test(`errors as ${errors}`, async () => {
    const { components } = await documentOf(['protos/example'], { errors });
    assert.deepEqual(Object.keys(components.responses['Error']?.content ?? {}), errorTypes[errors]);
  });
}

const styles = ['segments', 'pattern'] as const;

for (const source of sources) {
  for (const pathStyle of styles) {
    describe(`facts of ${source.join(' ')}, ${pathStyle}`, async () => {
      const { schema, bindings } = await bindingsOf(source);
      const options: OpenApiOptions = { title: 'facts', version: '1', pathStyle };
      const document = createOpenApi({ bindings, schema, options });
      const operations = operationsOf(document);

      test('each binding appears once', () => {
        const named = bindings.filter(({ httpMethod }) => httpMethod !== '*').map(({ method }) => method.path.slice(1));
        const found = operations.map(({ operation }) => operation['x-grpc-method']);
        assert.deepEqual(found.filter((name) => !name.endsWith('/Any')).sort(), named.sort());
      });

      test('a binding for any HTTP method has those that no other rule has', () => {
        const { '/v1/things': item = {} } = document.paths;
        const any = Object.entries(item).filter(
          ([, operation]) => operation['x-grpc-method'] === 'test.paths.v1.Paths/Any',
        );
        assert.deepEqual(
          any.map(([method]) => method),
          source.some((file) => file.includes('paths')) ? ['put', 'post', 'delete', 'patch'] : [],
        );
      });

      test('each operationId is unique', () => {
        const ids = operations.map(({ operation }) => operation.operationId);
        assert.equal(new Set(ids).size, ids.length);
      });

      test('the parameters in a path are the ones declared', () => {
        for (const { path, operation } of operations) {
          const declared = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
          assert.deepEqual(
            [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name),
            declared,
          );
        }
      });

      test('no operation has a parameter twice', () => {
        for (const { operation } of operations) {
          const names = (operation.parameters ?? []).map((each) => `${each.in} ${each.name}`);
          assert.equal(new Set(names).size, names.length);
        }
      });

      test('each $ref resolves, and each component is referred to', () => {
        const refs = new Set(
          [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]*)"/g)].map(([, pointer = '']) => pointer),
        );
        const components = Object.entries(document.components).flatMap(([kind, map]) =>
          Object.keys(map).map((name) => `/components/${kind}/${name}`),
        );
        assert.deepEqual([...refs].sort(), components.sort());
      });

      test('the order of loading does not show', () => {
        const again = createOpenApi({ bindings: bindings.toReversed(), schema, options });
        assert.equal(JSON.stringify(again), JSON.stringify(document));
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
