import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { resolveOptions } from '../../src/gateway/options.ts';
import { valueForms } from '../../src/gateway/options-forms.ts';
import { optionsSchema } from '../../src/gateway/options-schema.ts';
import type { SchemaNode } from '../../src/gateway/options-walk.ts';
import { SchemaError } from '../../src/schema/problem.ts';

const published = new Ajv2020({ allowUnionTypes: true, strict: true }).compile(
  JSON.parse(readFileSync('tandem.schema.json', 'utf8')),
);

const forms = Object.keys(valueForms);
const texts = [
  '10s',
  '0s',
  '1.5m',
  '999h',
  '4MiB',
  '0B',
  '7',
  '/docs',
  '/a/b',
  '',
  'x-id',
  'X-Id',
  'a:1',
  'p.S=a:1',
  'ftp://x',
];
const anything = fc.oneof(fc.constantFrom<unknown>(...texts, true, false, null, 0, -1, 1.5, 8, 70000), fc.jsonValue());

/** Values that fit a node, or nearly: what the schema's own checks have to tell apart. */
function near(node: SchemaNode): fc.Arbitrary<unknown> {
  const fit = (): fc.Arbitrary<unknown> => {
    if ('$ref' in node) return fc.constantFrom<unknown>(...texts, false, 5);
    if ('anyOf' in node) return fc.oneof(...node.anyOf.map(near));
    if ('enum' in node) return fc.constantFrom(...node.enum);
    if ('minimum' in node) return fc.integer({ min: node.minimum, max: node.maximum ?? 1000 });
    if ('properties' in node) {
      return fc.record(Object.fromEntries(Object.entries(node.properties).map(([key, child]) => [key, near(child)])), {
        requiredKeys: [],
      });
    }
    if ('items' in node) return fc.array(near(node.items), { maxLength: 2 });
    return node.type === 'boolean' ? fc.boolean() : fc.constantFrom(...texts);
  };
  return fc.oneof({ weight: 40, arbitrary: fit() }, { weight: 1, arbitrary: anything });
}

/** Undefined when the options are accepted, else the problems' messages. Any other error fails the test. */
function refusal(input: unknown): readonly string[] | undefined {
  try {
    resolveOptions(input);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof SchemaError, String(error));
    assert.ok(error.problems.length > 0);
    return error.problems.map(({ message }) => message);
  }
}

// What JSON Schema does not say: targets, the longest timer, and what only shows when values are seen together.
const beyondTheSchema =
  /which is not known: write|has no port|is not a target|has no path|of at most 24 days|already goes to|cert and key|is longer/;

test('the published schema and the program agree', () => {
  fc.assert(
    fc.property(near(optionsSchema), (input) => {
      const problems = refusal(input);
      if (problems === undefined) assert.ok(published(input), JSON.stringify(published.errors));
      else if (published(input)) for (const problem of problems) assert.match(problem, beyondTheSchema);
    }),
    { numRuns: 2000 },
  );
});

test('any value is accepted or refused by a SchemaError, and no prototype is touched', () => {
  const keys = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'prototype', 'limits', 'upstreams'), fc.string());
  const values = fc.object({ key: keys, maxDepth: 4 });
  fc.assert(
    fc.property(fc.oneof(anything, values), (input) => {
      refusal(input);
      refusal(JSON.parse(JSON.stringify(input)));
      assert.deepEqual(Object.keys(Object.prototype), []);
    }),
    { numRuns: 2000 },
  );
});

test('every form of the schema is known', () => {
  const used = [...JSON.stringify(optionsSchema).matchAll(/#\/\$defs\/(\w+)/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(used)].sort(), forms.sort());
});
