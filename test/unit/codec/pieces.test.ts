/** Large messages in pieces: the same JSON as whole, and memory for a piece alone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { JsonWriter } from '../../../src/codec/codec.ts';
import { Indenter } from '../../../src/codec/indent-json.ts';
import { codecOf, type fieldsOf, toJson, toWire, typeOf } from './fixture.ts';

const codec = codecOf();
const withDefaults = codecOf({ emitDefaults: true });
const All = typeOf('All');
const many = (count: number, text: string): string => Array.from({ length: count }, () => text).join();

/** Every way to write a message: its JSON, the one with defaults, and of each of its fields the view and what a mask for it leaves. */
function writersOf(json: string): [name: string, writer: JsonWriter][] {
  const keys = Object.keys(JSON.parse(json));
  const fields = keys.map((key) => All.fieldsByJsonName.get(key) as NonNullable<ReturnType<typeof fieldsOf>[0]>);
  return [
    ['plain', codec.messageWriter(All)],
    ['with defaults', withDefaults.messageWriter(All)],
    ['a view of an absent message', codec.fieldWriter(All.fieldsByName.get('choice_child') as (typeof fields)[0])],
    ...fields.flatMap((field): [string, JsonWriter][] => [
      [`a view of ${field.name}`, codec.fieldWriter(field)],
      [`a view of ${field.name} with defaults`, withDefaults.fieldWriter(field)],
      [`${field.name} alone`, codec.filteredWriter(All, [field.name, 'far'])],
      [`${field.name} alone, with defaults`, withDefaults.filteredWriter(All, [field.name, 'far'])],
    ]),
  ];
}

const strings = (count: number): string => `"strings":[${many(count, '"abcdef"')}]`;

/** JSON, and the least number of pieces. */
for (const [name, json, least] of [
  ['strings', `{"aString":"q","strings":[${many(9000, `"${'\\"'.repeat(40)}"`)}]}`, 4],
  ['empty strings', `{"strings":[${many(400_000, '""')}]}`, 4],
  ['bytes', `{"anInt64":"7","aString":"q","blobs":[${many(9000, `"${'AAAA'.repeat(40)}"`)}],"far":9}`, 4],
  ['messages', `{"children":[${many(40_000, '{"aString":"a child","ints":[1,2]}')},{}]}`, 3],
  [
    'well-known types',
    `{"values":[${many(80_000, '{"a":[null,1]}')}],"times":[${many(60_000, '"1970-01-01T00:00:01Z"')}]}`,
    4,
  ],
  [
    'lists, a map between them',
    `{${strings(60_000)},"children":[${many(90_000, '{"anInt32":1}')}],"byString":{"a":"b"}}`,
    4,
  ],
  ['packed varints', `{"ints":[${many(400_000, '70000')}],"strings":["a"]}`, 5],
  ['packed fixed numbers', `{"doubles":[${many(90_000, '1.5')}]}`, 3],
  ['numbers one by one', `{"looseInts":[${many(400_000, '7')}]}`, 4],
  ['an open enum', `{"colours":[${many(700_000, '"RED","GREEN"')}]}`, 5],
  ['a long text', `{"aString":"q","choiceString":"${'aß🎈\\n'.repeat(90_000)}"}`, 4],
  ['long bytes', `{"someBytes":"${'abcd'.repeat(300_000)}A0==","child":{"someBytes":"${'abcd'.repeat(300_000)}"}}`, 7],
  ['long elements', `{"strings":["a","${'é'.repeat(400_000)}","b"],"blobs":["${'AAAA'.repeat(200_000)}","AA=="]}`, 6],
  ['deep inside', `{"child":{"child":{"anInt32":1,"child":{"aString":"q",${strings(90_000)}}},"maybeInt32":0}}`, 4],
  ['deep in lists', `{"children":[{},{"children":[{${strings(90_000)}},{${strings(9)}}]},{"anInt32":7}]}`, 4],
  ['a map, in one piece', `{"aString":"q","byString":{"a":"${'b'.repeat(900_000)}"},"far":1}`, 3],
  ['a small message', '{"aString":"q"}', 1],
  ['an empty message', '{}', 1],
] as const) {
  test(`in pieces: ${name}`, () => {
    const wire = toWire(codec, 'All', json);
    for (const [mode, writer] of writersOf(json)) {
      const pieces: Uint8Array[] = [];
      const indented: Uint8Array[] = [];
      const indenter = new Indenter(2);
      for (const piece of writer.pieces(wire) ?? []) {
        pieces.push(piece);
        // Others convert between two pieces.
        assert.equal(toJson(codec, 'All', Buffer.from('720171', 'hex')), '{"aString":"q"}');
        indented.push(indenter.indent(piece));
      }
      const whole = Buffer.from(writer(wire));
      assert.ok(Buffer.concat(pieces).equals(whole), mode);
      assert.ok(Buffer.concat(indented).equals(new Indenter(2).indent(whole)), `${mode}, indented`);
      if (mode === 'plain' || mode === 'with defaults') assert.ok(pieces.length >= least, `${pieces.length} pieces`);
    }
  });
}

const manyStrings = toWire(codec, 'All', `{${strings(60_000)}}`);
const stringField = (bytes: Uint8Array): Buffer => {
  return Buffer.concat([Buffer.from('728080c001', 'hex'), bytes, Buffer.alloc(0x300000 - bytes.length, 'a')]);
};

test('members of a oneof out of order do not write a default twice', () => {
  const wire = Buffer.concat([manyStrings, Buffer.from('d80601980301', 'hex'), toWire(codec, 'All', '{"far":1}')]);
  for (const codecOfMode of [codec, withDefaults]) {
    const writer = codecOfMode.messageWriter(All);
    assert.equal(Buffer.concat([...(writer.pieces(wire) ?? [])]).toString(), Buffer.from(writer(wire)).toString());
  }
});

test('proto2 texts that are not UTF-8, across the cuts', () => {
  const writer = codec.messageWriter(typeOf('Legacy'));
  for (const hex of ['80', 'f08080', 'e282', 'f09f8e88', 'c3bf80', 'f09f8ee28261']) {
    const bytes = Buffer.alloc(1_200_000, Buffer.from(hex, 'hex'));
    const wire = Buffer.concat([Buffer.from([0x12, ...[0x80, 0x9f, 0x49]]), bytes]);
    const pieces = [...(writer.pieces(wire) ?? [])];
    assert.ok(pieces.length > 4);
    assert.ok(Buffer.concat(pieces).equals(Buffer.from(writer(wire))), hex);
  }
});

for (const [name, wire, mode = codec] of [
  ['a list in two', Buffer.concat([manyStrings, Buffer.from('720171', 'hex'), manyStrings])],
  ['a field twice', Buffer.from('720171720172', 'hex')],
  ['a oneof twice', Buffer.from('92030161980307', 'hex')],
  ['a field after its default was due', Buffer.concat([manyStrings, Buffer.from('720171', 'hex')]), withDefaults],
  ['invalid UTF-8 in the last element', Buffer.concat([manyStrings, Buffer.from('820201ff', 'hex')])],
  ['invalid UTF-8 in a long text', stringField(Buffer.alloc(0x200000, 0x80))],
  ['a cut', manyStrings.subarray(0, -1)],
  ['an endless varint', Buffer.concat([manyStrings, Buffer.alloc(20, 0xff)])],
  ['a length beyond the end', Buffer.from('7205', 'hex')],
  ['a group', Buffer.from('0b0c', 'hex')],
  ['packed lists of no numbers', Buffer.alloc(300_000, Buffer.from('f20100', 'hex'))],
] as const) {
  test(`not in pieces: ${name}`, () => assert.equal(mode.messageWriter(All).pieces(wire), undefined));
}

test('not in pieces: types with JSON of their own', () => {
  assert.equal(codec.messageWriter(typeOf('google.protobuf.Struct')).pieces(new Uint8Array()), undefined);
});

test('64 MiB in pieces take less than 16 MiB beside the message, however they are written', () => {
  const script = `
    const { codecOf, fieldsOf, typeOf } = await import('./build/test/unit/codec/fixture.js');
    const { Indenter } = await import('./build/src/codec/indent-json.js');
    const element = Buffer.concat([Buffer.from('8202e807', 'hex'), Buffer.alloc(1000, 'a')]);
    const list = () => Buffer.alloc(element.length * 67_000, element);
    const text = () => Buffer.concat([Buffer.from('7280808020', 'hex'), Buffer.alloc(2 ** 26, 'a')]);
    const All = typeOf('All');
    const [strings] = fieldsOf(All, 'strings');
    const indenter = new Indenter(2);
    const used = () => (gc(), process.memoryUsage().arrayBuffers);
    const measure = (name, writer, wire, change = (piece) => piece) => {
      const before = used();
      let most = 0, count = 0, length = 0;
      for (const piece of writer.pieces(wire)) {
        length += change(piece).length;
        if (count++ % 16 === 0) most = Math.max(most, used() - before);
      }
      return { name, most, count, length };
    };
    const rows = [
      measure('plain', codecOf().messageWriter(All), list()),
      measure('with defaults', codecOf({ emitDefaults: true }).messageWriter(All), list()),
      measure('a view', codecOf().fieldWriter(strings), list()),
      measure('filtered', codecOf().filteredWriter(All, ['strings']), list()),
      measure('indented', codecOf().messageWriter(All), list(), (piece) => indenter.indent(piece)),
      measure('one text', codecOf().messageWriter(All), text()),
    ];
    console.log(JSON.stringify(rows));`;
  const flags = ['--expose-gc', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  assert.equal(stderr, '');
  const rows = JSON.parse(stdout) as { name: string; most: number; count: number; length: number }[];
  assert.equal(rows.length, 6);
  for (const { name, most, count, length } of rows) {
    assert.ok(length >= 2 ** 26 && count > 200 && most < 16 * 1024 * 1024, `${name}: ${stdout}`);
  }
});
