/** What --diff names: each row edits the example's document, and lists what its clients must hear of. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { diffOpenApi } from '../../../src/openapi/diff.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents are edited by name.
type Document = any;
const text = readFileSync('test/golden/openapi/constraints.json', 'utf8');
const check = 'POST /v1/check';
const get = 'GET /v1/check/{}';
const operationOf = (document: Document): Document => document.paths['/v1/check'].post;
const propertiesOf = (document: Document): Document => document.components.schemas.Constrained.properties;
const parametersOf = (document: Document): Document[] => document.paths['/v1/check/{id}'].get.parameters;

const rows: readonly (readonly [name: string, edit: (document: Document) => void, changes: readonly string[]])[] = [
  ['a removed operation', (d) => delete d.paths['/v1/check/{id}'], [`breaking ${get}: is removed`]],
  ['a new operation', (d) => { d.paths['/v2'] = { get: operationOf(d) }; }, ['fine GET /v2: is new']],
  ['a renamed path parameter', (d) => {
    const { '/v1/check/{id}': item, ...paths } = d.paths;
    item.get.parameters[0].name = 'other';
    d.paths = { ...paths, '/v1/check/{other}': item };
  }, []],
  ['another operationId', (d) => { operationOf(d).operationId = 'check'; },
    [`fine ${check}: operationId Constraints_Check became check: generated clients change`]],
  ['a removed query parameter', (d) => void parametersOf(d).splice(1, 1), [`breaking ${get}: query parameter name: is removed`]],
  ['a new query parameter', (d) => parametersOf(d).push({ name: 'x', in: 'query', schema: {} }),
    [`fine ${get}: query parameter x: is new`]],
  ['a new required query parameter', (d) => parametersOf(d).push({ name: 'x', in: 'query', required: true, schema: {} }),
    [`breaking ${get}: query parameter x: is new`]],
  ['a parameter that is required now', (d) => { parametersOf(d)[1].required = true; },
    [`breaking ${get}: query parameter name: is required now`]],
  ['a parameter of another type', (d) => { parametersOf(d)[1].schema = { type: 'integer' }; },
    [`breaking ${get}: query parameter name: type string became integer (request)`]],
  ['no body', (d) => delete operationOf(d).requestBody, [`breaking ${check}: takes no body any more`]],
  ['another media type', (d) => {
    const { content } = operationOf(d).requestBody;
    operationOf(d).requestBody.content = { 'text/plain': content['application/json'] };
  }, [`breaking ${check}: body: no longer has application/json (request)`]],
  ['a removed field of a request', (d) => delete propertiesOf(d).code, ['breaking Constrained.code: is removed (request)']],
  ['a new field', (d) => { propertiesOf(d).fresh = {}; }, ['fine Constrained.fresh: is new (request)']],
  ['a newly required field', (d) => { d.components.schemas.Constrained.required = ['id', 'code']; },
    ['breaking Constrained.code: is required now (request)']],
  ['a shorter limit', (d) => { propertiesOf(d).code.maxLength = 3; }, ['breaking Constrained.code: maxLength 4 became 3']],
  ['a longer limit', (d) => { propertiesOf(d).code.maxLength = 9; }, []],
  ['a new pattern', (d) => { propertiesOf(d).code.pattern = '^a'; }, ['breaking Constrained.code: pattern none became ^a']],
  ['a format', (d) => { propertiesOf(d).code.format = 'uuid'; }, ['breaking Constrained.code: format none became uuid (request)']],
  ['no format', (d) => delete propertiesOf(d).mail.format, ['fine Constrained.mail: format email became none (request)']],
  ['fewer values', (d) => { propertiesOf(d).colour.enum = ['red']; }, ['breaking Constrained.colour: no longer has green (request)']],
  ['more values', (d) => { d.components.schemas.Level.enum.push('LOW'); }, ['fine Level: also has LOW (request)']],
  ['an element of another type', (d) => { propertiesOf(d).tags.items.type = 'integer'; },
    ['breaking Constrained.tags[]: type string became integer (request)']],
  ['a value of a map of another type', (d) => { propertiesOf(d).counts.additionalProperties.type = 'string'; },
    ['breaking Constrained.counts{}: type integer became string (request)']],
  ['a removed field of a reply', (d) => delete d.components.schemas.Answer.properties.isFine,
    ['breaking Answer.isFine: is removed (response)']],
  ['a field of a reply that may be more', (d) => { d.components.schemas.Answer.properties.isFine.type = ['boolean', 'null']; },
    ['breaking Answer.isFine: type boolean became boolean or null (response)']],
]; // biome-ignore format: a table

for (const [name, edit, changes] of rows) {
  test(name, () => {
    const after = JSON.parse(text);
    edit(after);
    const found = diffOpenApi(JSON.parse(text), after);
    assert.deepEqual(
      [...new Set(found.map((each) => `${each.isBreaking ? 'breaking' : 'fine'} ${each.where}: ${each.message}`))],
      changes,
    );
  });
}

test('no document differs from itself', () => {
  for (const file of readdirSync('test/golden/openapi')) {
    const document = JSON.parse(readFileSync(`test/golden/openapi/${file}`, 'utf8'));
    assert.deepEqual(diffOpenApi(document, document), [], file);
  }
});
