import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import protobufjs from 'protobufjs';
import protojson from 'protobufjs/ext/protojson.js';
import { CodecError } from '../../src/codec/codec-error.ts';
import type { FileDescriptor } from '../../src/schema/descriptors.ts';
import { codecOf, toWire as read, schema, typeOf, toJson as write } from '../unit/codec/fixture.ts';
import { sample } from './codec-messages.ts';

const codec = codecOf();

/** The same files for protobuf-es, which wants imports first. */
function registryOf(): FileRegistry {
  const ordered = new Set<FileDescriptor>();
  const add = (file: FileDescriptor): void => {
    file.imports.forEach(add);
    ordered.add(file);
  };
  [...schema.files.values()].forEach(add);
  const file = [...ordered].map((descriptor) => fromBinary(FileDescriptorProtoSchema, descriptor.toBytes()));
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}

const registry = registryOf();
const root = new protobufjs.Root()
  .loadSync(['mapping', 'legacy', 'edition'].map((name) => `test/protos/codec/${name}.proto`))
  .resolveAll();

function reference(type: string): DescMessage {
  const found = registry.getMessage(typeOf(type).fullName);
  assert.ok(found);
  return found;
}

/** Floats are spelled otherwise by protobuf-es (0.10000000149011612); as floats they are the same. */
function asFloats(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === 'number' ? Math.fround(inner) : inner,
  );
}

/** The result, or undefined where it is refused; any other failure than a CodecError is one of the test. */
function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    assert.ok(error instanceof CodecError, error instanceof Error ? error.stack : String(error));
    return undefined;
  }
}

function jsonByEs(type: string, wire: Uint8Array): unknown {
  const es = reference(type);
  return toJson(es, fromBinary(es, wire), { registry });
}

function jsonByProtobufjs(type: string, wire: Uint8Array): unknown {
  const message = root.lookupType(typeOf(type).fullName);
  return protojson.toJson(message, message.decode(wire));
}

/** The result of a library that throws anything, or the message of what it threw. */
function attemptOther(run: () => unknown): { readonly value: unknown } | { readonly refusal: string } {
  try {
    return { value: run() };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}

test('JSON becomes the message that protobuf-es reads, and its JSON again', () => {
  fc.assert(
    fc.property(sample, ({ type, json }) => {
      const es = reference(type);
      const wire = read(codec, type, json);
      const expected = toJson(es, fromJson(es, JSON.parse(json) as JsonValue, { registry }), { registry });
      assert.deepEqual(asFloats(jsonByEs(type, wire)), asFloats(expected));
      assert.deepEqual(asFloats(JSON.parse(write(codec, type, wire))), asFloats(expected));
    }),
    { numRuns: 500 },
  );
});

test('protobufjs reads the same message, and writes the same JSON', () => {
  fc.assert(
    fc.property(sample, ({ type, json }) => {
      const wire = read(codec, type, json);
      assert.deepEqual(asFloats(JSON.parse(write(codec, type, wire))), asFloats(jsonByProtobufjs(type, wire)));
    }),
    { numRuns: 500 },
  );
});

test('JSON that was written reads as the same bytes again', () => {
  fc.assert(
    fc.property(sample, ({ type, json }) => {
      const written = write(codec, type, read(codec, type, json));
      const again = read(codec, type, written);
      assert.equal(write(codec, type, again), written);
      assert.deepEqual(read(codec, type, written), again);
    }),
    { numRuns: 500 },
  );
});

/** The fields of a message, each with its tag. Only what our reader writes: no groups on top. */
function fieldsIn(wire: Buffer): { number: number; bytes: Buffer }[] {
  const fields: { number: number; bytes: Buffer }[] = [];
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = wire[position++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (position < wire.length) {
    const start = position;
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 0) varint();
    else if (wireType === 2) {
      const length = varint();
      position += length;
    } else if (wireType === 1 || wireType === 5) position += wireType === 1 ? 8 : 4;
    else return [{ number: 0, bytes: wire }];
    fields.push({ number: Math.floor(tag / 8), bytes: wire.subarray(start, position) });
  }
  return fields;
}

test('fields in another order are the same message', () => {
  fc.assert(
    fc.property(sample, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), ({ type, json }, keys) => {
      const wire = read(codec, type, json);
      const expected = JSON.parse(write(codec, type, wire));
      // The order of one repeated field's elements is part of the message: only whose turn it is changes.
      const rest = fieldsIn(wire);
      const shuffled: Buffer[] = [];
      for (let turn = 0; rest.length > 0; turn++) {
        const chosen = rest[(keys[turn % keys.length] as number) % rest.length];
        const [first] = rest.splice(
          rest.findIndex(({ number }) => number === chosen?.number),
          1,
        );
        shuffled.push(first?.bytes as Buffer);
      }
      assert.deepEqual(JSON.parse(write(codec, type, Buffer.concat(shuffled))), expected);
    }),
    { numRuns: 500 },
  );
});

test('messages behind each other merge as protobuf-es merges them', () => {
  const several = sample.chain(({ type, json }) =>
    fc.tuple(
      fc.constant(type),
      fc
        .array(
          sample.filter((other) => other.type === type),
          { maxLength: 2 },
        )
        .map((others) => [json, ...others.map((other) => other.json)]),
    ),
  );
  fc.assert(
    fc.property(several, ([type, texts]) => {
      const wire = Buffer.concat(texts.map((json) => read(codec, type, json)));
      const ours = attempt(() => write(codec, type, wire));
      const theirs = attemptOther(() => jsonByEs(type, wire));
      // Two Durations may merge to one whose parts differ in sign, which neither has a JSON for.
      assert.deepEqual(
        ours === undefined ? undefined : asFloats(JSON.parse(ours)),
        'value' in theirs ? asFloats(theirs.value) : undefined,
      );
    }),
    { numRuns: 300 },
  );
});

const change = fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'insert', 'remove', 'cut'));
const changes = fc.array(change, { minLength: 1, maxLength: 3 });

function mutate(bytes: Buffer, edits: readonly (readonly [number, number, string])[]): Buffer {
  let result = bytes;
  for (const [where, byte, kind] of edits) {
    const position = where % (result.length + 1);
    const rest = kind === 'cut' ? [] : result.subarray(kind === 'insert' ? position : position + 1);
    result = Buffer.from([
      ...result.subarray(0, position),
      ...(kind === 'set' || kind === 'insert' ? [byte] : []),
      ...rest,
    ]);
  }
  return result;
}

// protobuf-es is no measure here: it takes a known field of any wire type, a group that ends where none began, and numbers that a closed enum
// does not have.
test('any wire bytes are converted as protobufjs does, or refused', () => {
  fc.assert(
    fc.property(sample, changes, ({ type, json }, edits) => {
      const wire = mutate(read(codec, type, json), edits);
      const ours = attempt(() => write(codec, type, wire));
      const theirs = attemptOther(() => jsonByProtobufjs(type, wire));
      if ('refusal' in theirs) {
        // Required fields are left to the upstream. protobufjs takes no group in a MessageSet but those of its own, and reads a key too that an
        // entry of a map replaces by another.
        const isReplaced = theirs.refusal.endsWith('encoding utf-8') && /"(?:by[A-Z]|struct|value)/.test(ours ?? '');
        assert.ok(
          ours === undefined ||
            isReplaced ||
            theirs.refusal.startsWith('missing required') ||
            (theirs.refusal === 'invalid end group tag' && ours.includes('"set":{')),
          `${theirs.refusal}, but ours gave ${ours}`,
        );
      } else if (ours === undefined) {
        // protobufjs prints a Value of no kind as null, an Any without a type as empty, paths of a FieldMask of any characters or none, and
        // passes over numbers of eleven bytes in unknown fields.
        const refusals =
          /none of its kinds|a value but no type|more than ten bytes|no lowerCamelCase form|FieldMask is empty/;
        assert.throws(() => write(codec, type, wire), refusals);
      } else {
        // protobufjs drops a map entry without value where that is a closed enum, whose default is its first value.
        fc.pre(!ours.includes('"levelByName"'));
        // A NullValue of another number than 0 is null too, and so the default of its field.
        fc.pre(JSON.stringify(theirs.value).includes('"null":null') === ours.includes('"null":null'));
        assert.deepEqual(asFloats(JSON.parse(ours)), asFloats(theirs.value));
      }
    }),
    { numRuns: 1500 },
  );
});

const jsonByte = fc.constantFrom(...Buffer.from('{}[]",:0123456789.eE+-truefalsn\\u/abcAZ_= \n'));
const textChanges = fc.array(fc.tuple(fc.nat(), jsonByte, fc.constantFrom('set', 'insert', 'remove', 'cut')), {
  minLength: 1,
  maxLength: 2,
});

// White space and empty paths in a FieldMask, base64 with too much padding or too little, leading zeros in quoted 64-bit numbers and in keys, an
// Any with members but no type.
const protobufjsTakes =
  /is not a FieldMask|is not bytes in base64|is not an? u?int64|the key "-?0\d+" is not|an Any without/;

/**
 * Whether protobufjs may read this number as another than it is: 64 bits without quotes, or with a fraction or an
 * exponent, which it rounds to a double, or what is too small for a float, which it leaves a double, or for a double,
 * which is 0 to it. A quote comes along.
 */
function isRounded(number: string): boolean {
  const value = Math.abs(Number(number.replace('"', '')));
  const isInexact = /^[^"]|[.eE]/.test(number) && value > Number.MAX_SAFE_INTEGER && value <= 2 ** 64;
  return isInexact || (Math.fround(value) === 0 && /^["\-.0]*[1-9]/.test(number));
}

test('any text is read as protobufjs does, or refused', () => {
  fc.assert(
    fc.property(sample, textChanges, ({ type, json }, edits) => {
      const bytes = mutate(Buffer.from(json), edits);
      const text = bytes.toString('utf8');
      fc.pre(Buffer.from(text).equals(bytes));
      // Of an Any's type it takes what is behind the last slash, and no dot at either's beginning.
      fc.pre([...text.matchAll(/"@type":"([^"]*)"/g)].every(([member]) => json.includes(member)));
      fc.pre(!(text.match(/"?-?\d[\d.]*(?:[eE][-+]?\d+)?/g) ?? []).some(isRounded));
      const ours = attempt(() => write(codec, type, read(codec, type, bytes)));
      const message = root.lookupType(typeOf(type).fullName);
      const theirs = attemptOther(() => protojson.toJson(message, protojson.fromJsonString(message, text)));
      if ('value' in theirs && ours === undefined) {
        assert.throws(() => read(codec, type, bytes), protobufjsTakes, text);
        return;
      }
      // protobufjs takes no exponent or fraction in most keys (`"1e0"`), which it does in values, and nothing that would round to the largest float.
      const refusals = /map key: "[-0-9]+[.eE]|out of range for float: -?3\.40282/;
      fc.pre(!('refusal' in theirs && ours !== undefined && refusals.test(theirs.refusal)));
      // protobufjs takes minus zero without presence for the default.
      fc.pre(ours === undefined || !/:-0[,}]/.test(ours));
      const value = 'value' in theirs ? asFloats(theirs.value) : undefined;
      assert.deepEqual(ours === undefined ? undefined : asFloats(JSON.parse(ours)), value, text);
    }),
    { numRuns: 1500 },
  );
});

/** Doubles of everyday size, where digits are made here and not by the engine, their neighbours, and all others. */
const doubles = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  fc.double({ noNaN: true, min: -1, max: 1 }),
  fc.tuple(fc.integer(), fc.integer({ min: 0, max: 12 })).map(([digits, places]) => digits / 10 ** places),
  fc.integer({ min: -20, max: 60 }).map((exponent) => 2 ** exponent * (1 + Number.EPSILON)),
);

test('doubles are written and read as the engine does', () => {
  fc.assert(
    fc.property(fc.array(doubles, { minLength: 1 }), (values) => {
      const text = `{"doubles":[${values.map((value) => (Object.is(value, -0) ? '-0' : String(value)))}]}`;
      const wire = read(codec, 'All', text);
      const floats = new Float64Array(Uint8Array.from(wire.subarray(wire.length - values.length * 8)).buffer);
      assert.deepEqual([...floats], values);
      assert.equal(write(codec, 'All', wire), text);
    }),
    { numRuns: 2000 },
  );
});

const decimals = fc
  .tuple(fc.stringMatching(/^[1-9][0-9]{0,19}$/), fc.nat(20))
  .map(([digits, places]) => (places < digits.length ? `${digits.slice(0, places)}.${digits.slice(places)}` : digits))
  .map((text) => (text.startsWith('.') ? `0${text}` : text));

test('decimals of any length are read as the engine reads them', () => {
  fc.assert(
    fc.property(decimals, (text) => {
      assert.equal(read(codec, 'All', `{"aDouble":${text}}`).readDoubleLE(1), Number(text));
    }),
    { numRuns: 2000 },
  );
});

/** Of all decimals that read as a float, one with the fewest digits. */
function shortestFloat(value: number): string {
  for (let precision = 1; precision < 9; precision++) {
    const decimal = Number(value.toPrecision(precision));
    if (Math.fround(decimal) === value) return String(decimal);
  }
  return String(Number(value.toPrecision(9)));
}

test('floats are written with the fewest digits, whole ones with all of theirs', () => {
  const floats = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, min: -2, max: 2 }),
  );
  fc.assert(
    fc.property(
      floats.filter((value) => !Number.isInteger(value)),
      (value) => {
        const text = shortestFloat(value);
        const wire = read(codec, 'All', `{"aFloat":${text}}`);
        assert.equal(write(codec, 'All', wire), `{"aFloat":${text}}`);
      },
    ),
    { numRuns: 2000 },
  );
});

test('any text is read or refused where unknown names are ignored', () => {
  const lenient = codecOf({ ignoreUnknown: true });
  fc.assert(
    fc.property(sample, textChanges, ({ type, json }, edits) => {
      const text = mutate(Buffer.from(json), edits);
      const strict = attempt(() => read(codec, type, text));
      const wire = attempt(() => read(lenient, type, text));
      if (strict !== undefined) assert.deepEqual(wire, strict);
      if (wire !== undefined) JSON.parse(text.toString());
    }),
    { numRuns: 1000 },
  );
});

test('any bytes at all are converted or refused', () => {
  fc.assert(
    fc.property(fc.constantFrom('All', 'Legacy', 'Edition'), fc.uint8Array({ maxLength: 40 }), (type, bytes) => {
      const json = attempt(() => write(codec, type, bytes));
      if (json !== undefined) JSON.parse(json);
      attempt(() => read(codec, type, bytes));
    }),
    { numRuns: 3000 },
  );
});
