import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { CodecError } from '../../../src/codec/codec-error.ts';
import { createCodec } from '../../../src/codec/descriptor-set-codec.ts';
import { Indenter } from '../../../src/codec/indent-json.ts';
import { codecOf, fieldsOf, schema, toJson, toWire, typeOf } from './fixture.ts';

const codec = codecOf();
const All = typeOf('All');
const field = (name: string, type = All) => fieldsOf(type, name)[0] as NonNullable<ReturnType<typeof fieldsOf>[0]>;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const parent =
  '{"aString":"q","strings":["a"],"child":{"anInt32":1},"byString":{"k":"v"},"anInt64":"7","at":"1970-01-01T00:00:00Z"}';

for (const [name, present, absent] of [
  ['a_string', '"q"', '""'],
  ['strings', '["a"]', '[]'],
  ['child', '{"anInt32":1}', 'null'],
  ['by_string', '{"k":"v"}', '{}'],
  ['an_int64', '"7"', '"0"'],
  ['at', '"1970-01-01T00:00:00Z"', 'null'],
  ['an_int32', '0', '0'],
  ['a_bool', 'false', 'false'],
  ['colour', '"COLOUR_UNSPECIFIED"', '"COLOUR_UNSPECIFIED"'],
  ['some_bytes', '""', '""'],
  ['maybe_int32', 'null', 'null'],
  ['choice_string', 'null', 'null'],
] as const) {
  test(`the view of ${name}`, () => {
    const write = codec.fieldWriter(field(name));
    assert.equal(text(write(toWire(codec, 'All', parent))), present);
    assert.equal(text(write(new Uint8Array())), absent);
  });
}

test('the view of a member of a oneof that a later one unset', () => {
  const wire = Buffer.from('92030161980307', 'hex');
  assert.equal(text(codec.fieldWriter(field('choice_string'))(wire)), 'null');
  assert.equal(text(codec.fieldWriter(field('choice_int32'))(wire)), '7');
});

test('the view of an extension, and of a field with long names', () => {
  const nickname = schema.extensions.get('tandem.codec.v2.nickname');
  assert.ok(nickname);
  assert.equal(text(codec.fieldWriter(nickname)(Buffer.from('a2060161', 'hex'))), '"a"');
});

for (const [name, json, wire] of [
  ['a_string', '"q"', '720171'],
  ['strings', '["a","b"]', '820201618202' + '0162'],
  ['child', '{"anInt32":1}', '8a01021801'],
  ['by_string', '{"k":"v"}', 'c202060a016b120176'],
  ['at', '"1970-01-01T00:00:01Z"', 'e203020801'],
  ['child', ' null ', ''],
  ['strings', '[]', ''],
  ['value', 'null', '8204020800'],
  ['colour', '2', '800102'],
] as const) {
  test(`reads the field ${name} from ${json}`, () => {
    assert.equal(Buffer.from(codec.fieldReader(field(name))(Buffer.from(json))).toString('hex'), wire);
  });
}

test('a field refuses what it is not, and text behind it', () => {
  assert.throws(() => codec.fieldReader(field('strings'))(Buffer.from('"a"')), CodecError);
  assert.throws(() => codec.fieldReader(field('a_string'))(Buffer.from('"a" 1')), CodecError);
});

const rich =
  '{"aString":"x","anInt32":1,"child":{"aString":"y","anInt32":2,"child":{"aString":"z"}},"children":[{"anInt32":3,"aString":"w"}],"byFixed32":{"1":{"anInt32":4,"aString":"v"}},"choiceInt32":5}';

for (const [paths, json] of [
  [['a_string'], '{"aString":"x"}'],
  [['anInt32', 'child.a_string'], '{"anInt32":1,"child":{"aString":"y"}}'],
  [['child.child.aString'], '{"child":{"child":{"aString":"z"}}}'],
  [['child', 'child.anInt32'], '{"child":{"aString":"y","anInt32":2,"child":{"aString":"z"}}}'],
  [['child.anInt32', 'child'], '{"child":{"aString":"y","anInt32":2,"child":{"aString":"z"}}}'],
  [['children.anInt32'], '{"children":[{"anInt32":3}]}'],
  [['by_fixed32.aString'], '{"byFixed32":{"1":{"aString":"v"}}}'],
  [['choice_string'], '{}'],
  [['aString', '*'], rich],
  [[], '{}'],
] as const) {
  test(`a sparse reply of ${paths.join()}`, () => {
    assert.equal(text(codec.filteredWriter(All, paths)(toWire(codec, 'All', rich))), json);
  });
}

test('a mask that names no field, or goes below a value', () => {
  assert.throws(() => codec.filteredWriter(All, ['nope']), /nope: names no field of tandem\.codec\.v1\.All/);
  assert.throws(() => codec.filteredWriter(All, ['at.seconds']), CodecError);
  assert.throws(() => codec.filteredWriter(All, ['aString.x']), CodecError);
});

test('writers of masks are kept, but not without end', () => {
  const first = codec.filteredWriter(All, ['aString']);
  assert.equal(codec.filteredWriter(All, ['aString']), first);
  for (let n = 0; n < 300; n++)
    codec.filteredWriter(typeOf('Wide'), [`f${1 + (n % 30)}`, `f${1 + Math.floor(n / 30)}`]);
  assert.notEqual(codec.filteredWriter(All, ['aString']), first);
});

for (const [json, paths] of [
  ['{}', []],
  ['{"aString":"x","anInt32":0,"maybeInt32":null}', ['a_string', 'an_int32', 'maybe_int32']],
  [
    '{"child":{"a_string":"x","child":{"ints":[1]}},"children":[{}]}',
    ['child.a_string', 'child.child.ints', 'children'],
  ],
  ['{"child":{},"empty":{}}', ['child', 'empty']],
  [
    '{"at":"1970-01-01T00:00:00Z","struct":{"a":1},"value":{"b":1},"any":{"@type":"x"},"byString":{"a":"b"},"wrappedInt32":1}',
    ['at', 'struct', 'value', 'any', 'by_string', 'wrapped_int32'],
  ],
  ['{"nope":{"a":1},"otherName":"x","far\\u005f":1,"f\\u0061r":1}', ['renamed', 'far']],
  ['[]', []],
] as const) {
  test(`paths present in ${json}`, () => {
    assert.deepEqual(codec.presentPaths(All, Buffer.from(json)), paths);
  });
}

test('paths of what is no JSON', () => {
  assert.throws(() => codec.presentPaths(All, Buffer.from('{"aString":}')), CodecError);
  assert.throws(
    () => codec.presentPaths(All, Buffer.from(`${'{"child":'.repeat(500)}{}${'}'.repeat(500)}`)),
    CodecError,
  );
});

test('JSON text that is not UTF-8', () => {
  for (const hex of ['ff', 'c3', 'eda080', 'f4908080']) {
    const json = Buffer.concat([Buffer.from('{"aString":"'), Buffer.from(hex, 'hex'), Buffer.from('"}')]);
    assert.throws(() => toWire(codec, 'All', json), /aString: the text is not UTF-8 \(offset 12\)/);
  }
});

test('a conversion that fails leaves nothing behind', () => {
  const wire = toWire(codec, 'All', parent);
  for (let n = 0; n < 50; n++) {
    assert.throws(() => toWire(codec, 'All', '{"byString":{"a":"b","c":{"struct":{"a":[1'), CodecError);
    assert.throws(() => toJson(codec, 'All', Buffer.from('c202060a016b1201ff', 'hex')), CodecError);
    assert.deepEqual(toWire(codec, 'All', parent), wire);
    assert.equal(
      toJson(codec, 'All', wire),
      '{"aString":"q","strings":["a"],"child":{"anInt32":1},"byString":{"k":"v"},"anInt64":"7","at":"1970-01-01T00:00:00Z"}',
    );
  }
});

test('results are not views of a shared buffer', () => {
  const first = toWire(codec, 'All', '{"aString":"first"}');
  const copy = Buffer.from(first);
  toWire(codec, 'All', '{"aString":"other"}');
  assert.deepEqual(first, copy);
});

for (const length of [0, 1, 3, 4, 126, 127, 128, 129, 16383, 16384, 70000, 300000, 2097152]) {
  for (const unit of ['a', '"', 'é', '\u0001']) {
    test(`a string of ${length} times ${JSON.stringify(unit)} there and back`, () => {
      const json = JSON.stringify({
        maybeString: unit.repeat(length),
        children: [{ maybeString: unit.repeat(length) }],
      });
      const wire = toWire(codec, 'All', json);
      assert.equal(toJson(codec, 'All', wire), json);
    });
  }
}

test('lists, maps and bytes larger than the buffer', () => {
  const json = JSON.stringify({
    doubles: Array.from({ length: 50000 }, () => 1),
    blobs: [Buffer.alloc(500000, 7).toString('base64')],
    byString: Object.fromEntries(Array.from({ length: 30000 }, (_, n) => [`key ${n}`, ''])),
    values: Array.from({ length: 30000 }, () => null),
  });
  assert.equal(toJson(codec, 'All', toWire(codec, 'All', json)), json);
});

test('many empty messages, whose JSON is larger than their wire bytes', () => {
  const json = `{"children":[${Array.from({ length: 100000 }, () => '{}').join()}]}`;
  assert.equal(toJson(codec, 'All', toWire(codec, 'All', json)), json);
  const masks = `{"at":"1970-01-01T00:00:00Z"}`;
  assert.equal(toJson(codec, 'All', toWire(codec, 'All', masks)), masks);
});

test('indentation', () => {
  const value = { a: [], b: {}, c: [1, { d: 'x{,:[]}\\"' }], e: { f: { g: null } } };
  const json = Buffer.from(JSON.stringify(value));
  assert.equal(text(new Indenter(2).indent(json)), JSON.stringify(value, null, 2));
  assert.equal(text(new Indenter(4).indent(Buffer.from('"a"'))), '"a"');
  const indenter = new Indenter(3);
  const tokens = text(json).match(/"(?:[^"\\]|\\.)*"|[^"]/g) ?? [];
  assert.equal(
    tokens.map((token) => text(indenter.indent(Buffer.from(token)))).join(''),
    JSON.stringify(value, null, 3),
  );
});

test('the codec of a descriptor set', () => {
  const set = Buffer.concat(
    [...schema.files.values()].map((file) => {
      const bytes = file.toBytes();
      const length: number[] = [];
      for (let rest = bytes.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest < 128) break;
      }
      return Buffer.concat([Buffer.from([0x0a, ...length]), bytes]);
    }),
  );
  const own = createCodec(set);
  const wire = own.jsonToWire('tandem.codec.v1.All', '{"aString":"é","nope":1}', { ignoreUnknown: true });
  assert.equal(own.wireToJson('tandem.codec.v1.All', wire), '{"aString":"é"}');
  assert.throws(() => own.jsonToWire('tandem.codec.v1.All', '{"nope":1}'), CodecError);
  assert.throws(() => own.jsonToWire('no.such.Type', '{}'), /"no.such.Type" is not a message of the descriptor set/);
  assert.throws(() => own.jsonToWire('tandem.codec.v1.All', '{"aString":"\ud800"}'), CodecError);
});

test('no code is generated, and nothing is written to a prototype', () => {
  const script = `
    Object.freeze(Object.prototype);
    const { codecOf, toJson, toWire } = await import('./build/test/unit/codec/fixture.js');
    const json = '{"aString":"x","byString":{"__proto__":"a"},"struct":{"constructor":1},"ints":[1]}';
    console.log(toJson(codecOf(), 'All', toWire(codecOf(), 'All', json)) === json);`;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script];
  assert.equal(spawnSync(process.execPath, flags, { encoding: 'utf8' }).stdout.trim(), 'true');
});
