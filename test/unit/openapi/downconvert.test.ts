import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonSchema } from '../../../src/openapi/document.ts';
import { downconvert } from '../../../src/openapi/downconvert.ts';

const ref = '#/components/schemas/Other';

const cases: readonly (readonly [name: string, before: JsonSchema, after: JsonSchema])[] = [
  ['a plain type stays', { type: 'string', format: 'int64' }, { type: 'string', format: 'int64' }],
  ['a bare $ref stays', { $ref: ref }, { $ref: ref }],
  [
    'a $ref with siblings',
    { $ref: ref, description: 'text', required: ['a'] },
    { description: 'text', required: ['a'], allOf: [{ $ref: ref }] },
  ],
  [
    'a list of types, each with what belongs to it',
    { type: ['number', 'string'], format: 'double', pattern: '^NaN$', description: 'text' },
    {
      description: 'text',
      anyOf: [
        { type: 'number', format: 'double' },
        { type: 'string', pattern: '^NaN$' },
      ],
    },
  ],
  ['null', { type: 'null' }, { type: 'string', nullable: true, enum: [null] }],
  ['base64', { type: 'string', contentEncoding: 'base64' }, { type: 'string', format: 'byte' }],
  [
    'the values of a map, whose keys 3.0 cannot describe',
    { type: 'object', propertyNames: { pattern: '^1$' }, additionalProperties: { type: 'null' } },
    { type: 'object', additionalProperties: { type: 'string', nullable: true, enum: [null] } },
  ],
  ['any map', { type: 'object', additionalProperties: true }, { type: 'object', additionalProperties: true }],
  [
    'properties named like keywords',
    { type: 'object', properties: { type: { type: 'null' }, $ref: { type: 'string' } } },
    {
      type: 'object',
      properties: { type: { type: 'string', nullable: true, enum: [null] }, $ref: { type: 'string' } },
    },
  ],
  [
    'items and compositions',
    { type: 'array', items: { anyOf: [{ type: 'null' }], oneOf: [{ required: ['a'] }], not: { required: ['b'] } } },
    {
      type: 'array',
      items: {
        anyOf: [{ type: 'string', nullable: true, enum: [null] }],
        oneOf: [{ required: ['a'] }],
        not: { required: ['b'] },
      },
    },
  ],
];
for (const [name, before, after] of cases) {
  test(`3.0: ${name}`, () => {
    const document = {
      openapi: '3.1.0',
      info: { title: 'test', version: '1' },
      servers: [],
      tags: [],
      paths: {},
      components: { schemas: { Case: before }, responses: {} },
    };
    const { openapi, components } = downconvert(document);
    assert.deepEqual([openapi, components.schemas['Case']], ['3.0.3', after]);
  });
}
