/** Large messages in pieces: the same JSON as whole, and memory for a piece alone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { codecOf, toJson, toWire, typeOf } from './fixture.ts';

const codec = codecOf();
const pieceWriter = codec.pieceWriter(typeOf('All'));
const many = (count: number, text: string): string => Array.from({ length: count }, () => text).join();

/** JSON, and the least number of pieces before the last brace. */
for (const [name, json, least] of [
  ['strings', `{"aString":"q","strings":[${many(9000, `"${'é"'.replace('"', '\\"').repeat(40)}"`)}]}`, 3],
  ['empty strings', `{"strings":[${many(400_000, '""')}]}`, 3],
  ['bytes', `{"aString":"q","blobs":[${many(9000, `"${'AAAA'.repeat(40)}"`)}],"anInt64":"7"}`, 3],
  ['messages', `{"children":[${many(40_000, '{"aString":"a child","ints":[1,2]}')},{}]}`, 3],
  [
    'well-known types',
    `{"values":[${many(80_000, '{"a":[null,1]}')}],"times":[${many(60_000, '"1970-01-01T00:00:01Z"')}]}`,
    3,
  ],
  [
    'two lists, a map between them',
    `{"strings":[${many(60_000, '"abcdef"')}],"children":[${many(60_000, '{"anInt32":1}')}],"byString":{"a":"b"}}`,
    3,
  ],
  ['packed numbers, in one piece', `{"ints":[${many(400_000, '7')}],"strings":["a"]}`, 2],
  ['numbers one by one', `{"looseInts":[${many(400_000, '7')}]}`, 1],
  ['a small message', '{"aString":"q"}', 1],
  ['an empty message', '{}', 0],
] as const) {
  test(`in pieces: ${name}`, () => {
    const wire = toWire(codec, 'All', json);
    const pieces: Uint8Array[] = [];
    for (const piece of pieceWriter(wire) ?? []) {
      pieces.push(piece);
      // Others convert between two pieces.
      assert.equal(toJson(codec, 'All', Buffer.from('720171', 'hex')), '{"aString":"q"}');
    }
    assert.equal(Buffer.concat(pieces).equals(Buffer.from(toJson(codec, 'All', wire))), true);
    assert.ok(pieces.length > least, `${pieces.length} pieces`);
  });
}

const strings = toWire(codec, 'All', `{"strings":[${many(60_000, '"abcdef"')}]}`);

for (const [name, wire] of [
  ['a list in two', Buffer.concat([strings, Buffer.from('720171', 'hex'), strings])],
  ['a field twice', Buffer.from('720171720172', 'hex')],
  ['a oneof twice', Buffer.from('92030161980307', 'hex')],
  ['invalid UTF-8 in the last element', Buffer.concat([strings, Buffer.from('820201ff', 'hex')])],
  ['a cut', strings.subarray(0, -1)],
  ['an endless varint', Buffer.concat([strings, Buffer.alloc(20, 0xff)])],
  ['a length beyond the end', Buffer.from('7205', 'hex')],
] as const) {
  test(`not in pieces: ${name}`, () => assert.equal(pieceWriter(wire), undefined));
}

test('not in pieces: defaults written, and types with JSON of their own', () => {
  assert.equal(codecOf({ emitDefaults: true }).pieceWriter(typeOf('All'))(strings), undefined);
  assert.equal(codec.pieceWriter(typeOf('google.protobuf.Struct'))(new Uint8Array()), undefined);
});

test('64 MiB in pieces take less than 8 MiB beside the message', () => {
  const script = `
    const { codecOf, typeOf } = await import('./build/test/unit/codec/fixture.js');
    const element = Buffer.concat([Buffer.from('8202e807', 'hex'), Buffer.alloc(1000, 'a')]);
    const wire = Buffer.alloc(element.length * 66_800, element);
    const used = () => (gc(), process.memoryUsage().arrayBuffers);
    const before = used();
    let most = 0, count = 0, length = 0;
    for (const piece of codecOf().pieceWriter(typeOf('All'))(wire)) {
      length += piece.length;
      if (count++ % 16 === 0) most = Math.max(most, used() - before);
    }
    console.log(JSON.stringify({ most, count, length }));`;
  const flags = ['--expose-gc', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
  assert.equal(stderr, '');
  const { most, count, length } = JSON.parse(stdout);
  assert.equal(length, 66_800 * 1003 + '{"strings":[]}'.length - 1);
  assert.ok(count > 200 && most < 8 * 1024 * 1024, stdout);
});
