/** What people see of bytes: fields with their places, and differences by path. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCodec } from '../../../src/codec/create-codec.ts';
import { annotateWire, type WireField } from '../../../src/compare/annotate-wire.ts';
import { diffJson } from '../../../src/compare/diff-json.ts';
import { findMethod, isRepeatable, ruleOf } from '../../../src/compare/find-method.ts';
import { createGateway } from '../../../src/index.ts';
import { loadSchema } from '../../../src/schema/load-schema.ts';

const { schema } = await loadSchema({ protos: [join('protos', 'example')] });
const codec = createCodec(schema);
const typeOf = (name: string) => {
  const type = schema.messages.get(`example.library.v1.${name}`);
  assert.ok(type);
  return type;
};
const wireOf = (type: string, json: object): Uint8Array =>
  codec.messageReader(typeOf(type))(Buffer.from(JSON.stringify(json)));

/** Path, value, and the bytes that they take, fields of messages behind their message. */
function lines(fields: readonly WireField[]): readonly string[] {
  return fields.flatMap(({ path, type, value, start, valueStart, end, fields: inner }) => [
    `${start}-${valueStart}-${end} ${path}: ${type} = ${value ?? '{'}`,
    ...lines(inner),
  ]);
}

test('every field with its place, its name and its value', () => {
  const wire = wireOf('Book', {
    name: 'ab',
    authors: [{ givenName: 'x' }, { born: -1 }],
    genre: 'FICTION',
    copiesSold: '300',
    rating: 1.5,
    labels: { k: 'v' },
    inPrint: true,
  });
  const seen = lines(annotateWire(wire, typeOf('Book'), schema));
  assert.deepEqual(
    seen.map((line) => line.replace(/^\S+ /, '')),
    [
      'name: string = "ab"',
      'authors[0]: example.library.v1.Author = {',
      'authors[0].givenName: string = "x"',
      'authors[1]: example.library.v1.Author = {',
      'authors[1].born: int32 = -1',
      'genre: example.library.v1.Genre = FICTION (1)',
      'copiesSold: int64 = 300',
      'rating: double = 1.5',
      'labels[0]: map<string, string> = {',
      'labels[0].key: string = "k"',
      'labels[0].value: string = "v"',
      'inPrint: bool = true',
    ],
  );
  assert.equal(seen[0], '0-2-4 name: string = "ab"');
});

test('fields nobody knows, groups, and bytes that end too early', () => {
  const type = typeOf('Author');
  const unknown = Uint8Array.of(0xf8, 0x07, 5, 0xfd, 0x07, 1, 0, 0, 0, 0xfb, 0x07, 8, 1, 0xfc, 0x07);
  assert.deepEqual(lines(annotateWire(unknown, type, schema)), [
    '0-2-3 #127: undefined = 5',
    '3-5-9 #127: undefined = 1',
    '9-11-15 #127: undefined = group of 4 bytes',
  ]);
  assert.deepEqual(annotateWire(Uint8Array.of(10, 200), type, schema), []);
  assert.deepEqual(annotateWire(Uint8Array.of(0), type, schema), []);
});

test('differences by path; the order of members is none', () => {
  const left = { a: 1, list: [1, { b: 'x' }], same: null };
  const right = { list: [1, { b: 'y' }, 3], same: null, a: 1, more: {} };
  assert.deepEqual(diffJson(left, right), [
    { path: 'list[1].b', left: 'x', right: 'y' },
    { path: 'list[2]', left: undefined, right: 3 },
    { path: 'more', left: undefined, right: {} },
  ]);
  assert.deepEqual(diffJson([1], { 0: 1 }), [{ path: '', left: [1], right: { 0: 1 } }]);
});

test('a method by as much of its name as it takes', async () => {
  assert.equal(findMethod(schema, 'Library.GetBook').fullName, 'example.library.v1.Library.GetBook');
  assert.equal(findMethod(schema, '/example.library.v1.Library/GetBook').name, 'GetBook');
  assert.throws(() => findMethod(schema, 'Nothing'), {
    message: 'no method is called Nothing; tandem routes lists them',
  });
  const gateway = await createGateway({ protos: ['protos/example'] });
  await gateway.close();
  const { table } = gateway.generation;
  for (const [name, isAgain] of [
    ['GetBook', true],
    ['CreateBook', false],
    ['DeleteBook', true],
  ] as const) {
    const method = findMethod(gateway.generation.schema, name);
    assert.equal(isRepeatable(method, ruleOf(table.bindings, method)), isAgain);
  }
});
