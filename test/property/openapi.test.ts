import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createOpenApi } from '../../src/openapi/create-openapi.ts';
import { createBindings } from '../../src/routing/create-bindings.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { facts } from '../openapi-facts.ts';

/** Templates over few words, so that many of them meet. */
const variable = fc.constantFrom(
  '{name}',
  '{thing_id}',
  '{name=*}',
  '{name=things/*}',
  '{part.name=*/*}',
  '{name=text}',
);
const segment = fc.oneof(fc.constantFrom('things', 'files', 'v1', 'caf%C3%A9', '*'), variable);
const end = fc.constantFrom('', '/**', '/{flag}', ':verb', '/**:verb', '/{color}/**');
const template = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), end)
  .map(([segments, last]) => `/${segments.join('/')}${last}`);
const rule = fc.record({
  httpMethod: fc.constantFrom('GET', 'POST', 'PATCH', 'PURGE', '*'),
  path: template,
  body: fc.constantFrom('', '*', 'part'),
});

describe('random rules', async () => {
  const { schema } = await loadSchema({ protos: ['test/protos/openapi/paths.proto'] });
  const methods = [...schema.methods.values()].filter(({ service }) => service.fullName === 'test.paths.v1.Paths');

  for (const pathStyle of ['segments', 'pattern'] as const) {
    test(`every fact holds of them, ${pathStyle}`, () => {
      fc.assert(
        fc.property(fc.array(rule, { maxLength: 12 }), (rules) => {
          const written = methods.map((method, index) => ({
            method,
            rules: rules
              .filter((_, at) => at % methods.length === index)
              .map((each) => ({ ...each, responseBody: '', position: method.position })),
          }));
          const { bindings } = createBindings(written);
          const options = { title: 'random', version: '1', pathStyle };
          const document = createOpenApi({ bindings, schema, options });
          for (const [, check] of facts) check(document, bindings);
          const again = createOpenApi({ bindings: bindings.toReversed(), schema, options });
          assert.equal(JSON.stringify(again), JSON.stringify(document));
        }),
      );
    });
  }
});
