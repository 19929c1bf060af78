/**
 * Random messages of the codec's test protos, as JSON that a client might send.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FieldDescriptor, MessageDescriptor } from '../../src/schema/descriptors.ts';
import { schema, typeOf } from '../unit/codec/fixture.ts';

const types = ['All', 'Wide', 'Legacy', 'Edition'];

const integer = (bits: bigint, isSigned: boolean): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.bigInt({
        min: isSigned ? -(1n << (bits - 1n)) : 0n,
        max: isSigned ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n,
      }),
      fc.bigInt({ min: 0n, max: 300n }),
    )
    .map(String);

const wellFormed = fc.string({ unit: 'binary', maxLength: 12 });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

function scalarJson(field: FieldDescriptor): fc.Arbitrary<unknown> {
  assert.ok(field.type.kind === 'scalar');
  switch (field.type.scalar) {
    case 'string':
      return wellFormed;
    case 'bytes':
      return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'bool':
      return fc.boolean();
    case 'double':
      return fc.oneof(finite, fc.constantFrom('NaN', 'Infinity', '-Infinity'));
    case 'float':
      return fc.float({ noNaN: true, noDefaultInfinity: true });
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return integer(32n, true).map(Number);
    case 'uint32':
    case 'fixed32':
      return integer(32n, false).map(Number);
    case 'int64':
    case 'sint64':
    case 'sfixed64':
      return integer(64n, true);
    default:
      return integer(64n, false);
  }
}

const anyValue: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)));
const seconds = fc.integer({ min: -62135596800, max: 253402300799 });
const nanos = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 999 }).map((ms) => ms * 1000000),
  fc.integer({ min: 0, max: 999999999 }),
);
const fraction = (value: number): string => (value === 0 ? '' : `.${String(value).padStart(9, '0')}`);

const wellKnown: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  Timestamp: fc
    .tuple(seconds, nanos)
    .map(([s, n]) => new Date(s * 1000).toISOString().replace('.000Z', `${fraction(n)}Z`)),
  Duration: fc
    .tuple(fc.boolean(), fc.integer({ min: 0, max: 315576000000 }), nanos)
    .map(([minus, s, n]) => `${minus ? '-' : ''}${s}${fraction(n)}s`),
  FieldMask: fc
    .array(fc.stringMatching(/^[a-z]{1,5}([A-Z][a-z]{1,3}){0,2}$/), { maxLength: 3 })
    .map((paths) => paths.join()),
  Struct: fc.dictionary(wellFormed, anyValue, { maxKeys: 3 }),
  Value: anyValue,
  ListValue: fc.array(anyValue, { maxLength: 3 }),
  Empty: fc.constant({}),
  Any: fc.oneof(
    fc.constant({}),
    fc.nat().map((n) => ({ '@type': 'type.googleapis.com/tandem.codec.v1.Wide', f1: n })),
    fc.nat(9).map((n) => ({ '@type': 'type.googleapis.com/google.protobuf.Duration', value: `${n}s` })),
  ),
};

/** JSON of one value of a field, as any client might send it. */
function valueJson(field: FieldDescriptor, depth: number): fc.Arbitrary<unknown> {
  const { type } = field;
  if (type.kind === 'scalar') return scalarJson(field);
  if (type.kind === 'enum') {
    if (type.enum.name === 'NullValue') return fc.constant(null);
    const named = fc.constantFrom(...type.enum.values.map(({ name }) => name));
    return type.enum.isClosed ? named : fc.oneof(named, fc.integer());
  }
  const { message } = type;
  if (!message.fullName.startsWith('google.protobuf.')) return messageJson(message, depth - 1);
  return wellKnown[message.name] ?? scalarJson(message.fields[0] as FieldDescriptor);
}

function fieldJson(field: FieldDescriptor, depth: number): fc.Arbitrary<unknown> {
  if (field.map === undefined) {
    const value = valueJson(field, depth);
    return field.isRepeated ? fc.array(value, { maxLength: 4 }) : value;
  }
  const key = scalarJson(field.map.key).map(String);
  return fc.dictionary(key, valueJson(field.map.value, depth), { maxKeys: 4 });
}

/** JSON of a message: its required fields and some others, of each oneof one at most. */
function messageJson(message: MessageDescriptor, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = [...message.fields, ...schema.extensionsOf(message).values()];
  const required = fields.filter(({ isRequired }) => isRequired);
  const optional = depth > 0 ? fields.filter(({ isRequired }) => !isRequired) : [];
  return fc
    .subarray(optional, { maxLength: Math.min(6, optional.length) })
    .map((chosen) => [...required, ...chosen.filter((field, index) => isFirstOfOneof(field, index, chosen))])
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((field) => [field.jsonName, fieldJson(field, depth)]))))
    .map((record) => ({ ...record }));
}

function isFirstOfOneof({ oneof }: FieldDescriptor, index: number, chosen: readonly FieldDescriptor[]): boolean {
  return oneof === undefined || chosen.findIndex((other) => other.oneof === oneof) === index;
}

/** A message type and JSON of it. */
export const sample: fc.Arbitrary<{ readonly type: string; readonly json: string }> = fc
  .constantFrom(...types)
  .chain((type) => messageJson(typeOf(type), 4).map((json) => ({ type, json: JSON.stringify(json) })));
