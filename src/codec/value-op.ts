/**
 * @module What a field holds, as one small number that the converters switch on.
 */
import type { FieldDescriptor, MessageDescriptor, ScalarType } from '../schema/descriptors.ts';

export type Op = number;
export const opString = 0;
export const opMessage = 1;
export const opInt32 = 2;
export const opBool = 3;
export const opEnum = 4;
export const opInt64 = 5;
export const opDouble = 6;
export const opUint32 = 7;
export const opBytes = 8;
export const opUint64 = 9;
export const opFloat = 10;
export const opSint32 = 11;
export const opSint64 = 12;
export const opFixed32 = 13;
export const opFixed64 = 14;
export const opSfixed32 = 15;
export const opSfixed64 = 16;
export const opGroup = 17;

const scalarOps: Readonly<Record<ScalarType, Op>> = {
  string: opString,
  int32: opInt32,
  bool: opBool,
  int64: opInt64,
  double: opDouble,
  uint32: opUint32,
  bytes: opBytes,
  uint64: opUint64,
  float: opFloat,
  sint32: opSint32,
  sint64: opSint64,
  fixed32: opFixed32,
  fixed64: opFixed64,
  sfixed32: opSfixed32,
  sfixed64: opSfixed64,
};

export function opOf(field: FieldDescriptor): Op {
  if (field.type.kind === 'scalar') return scalarOps[field.type.scalar];
  if (field.type.kind === 'enum') return opEnum;
  return field.isDelimited ? opGroup : opMessage;
}

/** The wire type of one value; packing aside. */
export function wireTypeOf(op: Op): number {
  switch (op) {
    case opString:
    case opBytes:
    case opMessage:
      return 2;
    case opGroup:
      return 3;
    case opDouble:
    case opFixed64:
    case opSfixed64:
      return 1;
    case opFloat:
    case opFixed32:
    case opSfixed32:
      return 5;
    default:
      return 0;
  }
}

/** Whether values can be packed into one length-delimited field: all but those that are one already. */
export function isPackable(op: Op): boolean {
  const wireType = wireTypeOf(op);
  return wireType !== 2 && wireType !== 3;
}

/** Message types whose JSON is not an object of their fields. */
export type Special = number;
export const plainMessage = 0;
export const anyMessage = 1;
export const timestampMessage = 2;
export const durationMessage = 3;
export const fieldMaskMessage = 4;
export const structMessage = 5;
export const valueMessage = 6;
export const listValueMessage = 7;
export const wrapperMessage = 8;

const specials: ReadonlyMap<string, Special> = new Map([
  ['Any', anyMessage],
  ['Timestamp', timestampMessage],
  ['Duration', durationMessage],
  ['FieldMask', fieldMaskMessage],
  ['Struct', structMessage],
  ['Value', valueMessage],
  ['ListValue', listValueMessage],
  ...['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map(
    (name): [string, Special] => [`${name}Value`, wrapperMessage],
  ),
]);

const wellKnown = 'google.protobuf.';

export function specialOf({ fullName }: MessageDescriptor): Special {
  return fullName.startsWith(wellKnown)
    ? (specials.get(fullName.slice(wellKnown.length)) ?? plainMessage)
    : plainMessage;
}

export function isEmptyMessage({ fullName }: MessageDescriptor): boolean {
  return fullName === 'google.protobuf.Empty';
}

/** google.protobuf.NullValue, whose JSON is `null`. */
export function isNullValue(field: FieldDescriptor): boolean {
  return field.type.kind === 'enum' && field.type.enum.fullName === 'google.protobuf.NullValue';
}
