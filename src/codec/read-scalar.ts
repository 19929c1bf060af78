/**
 * @module Scalars from JSON to wire: values without their tags. Each function writes at `p` and returns the position behind.
 */

import { scratch as shared } from '../wire/scratch.ts';
import { writeVarint32, writeVarint64 } from '../wire/varint.ts';
import { decodeString, excerpt, expectLiteral, fail, findString, scanNumberText } from './json-cursor.ts';
import { appendDigits, applySign, doubleAt, joinDigits, parseInteger, shortDigits } from './read-number.ts';
import type { EnumNames, ReaderField } from './read-plan.ts';
import {
  type Op,
  opBool,
  opBytes,
  opDouble,
  opFixed32,
  opFixed64,
  opFloat,
  opInt32,
  opInt64,
  opSfixed32,
  opSfixed64,
  opSint32,
  opSint64,
  opString,
  opUint32,
  opUint64,
} from './value-op.ts';
import { nativeBase64 } from './write-text.ts';

const scratch = shared;

/** For messages: what a value was meant to be. */
const kinds: Readonly<Record<Op, string>> = {
  [opString]: 'a string',
  [opBytes]: 'bytes in base64',
  [opBool]: 'a bool (true or false)',
  [opDouble]: 'a double',
  [opFloat]: 'a float',
  [opInt32]: 'an int32',
  [opSint32]: 'an int32',
  [opSfixed32]: 'an int32',
  [opUint32]: 'a uint32',
  [opFixed32]: 'a uint32',
  [opInt64]: 'an int64',
  [opSint64]: 'an int64',
  [opSfixed64]: 'an int64',
  [opUint64]: 'a uint64',
  [opFixed64]: 'a uint64',
};

export function kindOf(op: Op): string {
  return kinds[op] ?? 'a value';
}

/** The JSON value at `from` as a scalar. */
export function readScalar(op: Op, from: number, p: number): number {
  const first = scratch.bytes[from] as number;
  switch (op) {
    case opString:
      if (first !== 0x22) return failKind(op, from);
      return readString(from + 1, p);
    case opBool: {
      const word = scratch.view.getInt32(from, true);
      if (word === 0x65757274) scratch.at = from + 4;
      else if (word === 0x736c6166 && scratch.bytes[from + 4] === 0x65) scratch.at = from + 5;
      else return failKind(op, from);
      scratch.bytes[p] = word === 0x65757274 ? 1 : 0;
      return p + 1;
    }
    case opBytes: {
      if (first !== 0x22) return failKind(op, from);
      findString(from + 1, p);
      const after = putBase64(scratch.spanStart, scratch.spanEnd, p);
      return after < 0 ? failKind(op, from) : after;
    }
    case opInt32:
    case opInt64:
    case opUint32:
    case opUint64: {
      const after = readPlainInteger(op, from, p);
      if (after >= 0) return after;
    }
  }
  return first === 0x22 ? readQuotedNumber(op, from, p) : readBareNumber(op, from, p);
}

function failKind(op: Op, from: number): never {
  return fail(`${excerpt(from)} is not ${kindOf(op)}`, from);
}

/** The string behind the quote before `from`, with its length in front. */
export function readString(from: number, p: number): number {
  const after = decodeString(from, p + 1);
  const length = after - p - 1;
  if (length < 0x80) {
    scratch.bytes[p] = length;
    return after;
  }
  return closeLength(p, 1, after);
}

/**
 * Writes the length of what lies between `start + size` and `end` at `start`, where `size` bytes were kept free for it. Moves what was
 * written when the length takes another number of bytes, which `scratch.lengthSize` then tells.
 */
export function closeLength(start: number, size: number, end: number): number {
  const length = end - start - size;
  scratch.lengthSize = length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : length < 0x10000000 ? 4 : 5;
  if (scratch.lengthSize !== size) scratch.bytes.copyWithin(start + scratch.lengthSize, start + size, end);
  writeVarint32(length, start);
  return end + scratch.lengthSize - size;
}

/** Integers without fraction or exponent, bare or quoted: nearly all that there are. -1 for any other number. */
function readPlainInteger(op: Op, from: number, p: number): number {
  const { bytes } = scratch;
  const isQuoted = bytes[from] === 0x22;
  let position = isQuoted ? from + 1 : from;
  const isNegative = bytes[position] === 0x2d;
  if (isNegative) position++;
  const first = position;
  let value = shortDigits(first, 9);
  position = scratch.at;
  let headEnd = position;
  let tail = 0;
  if (position === first + 9) {
    value = appendDigits(value, position, 6);
    headEnd = scratch.at;
    tail = shortDigits(headEnd, 4);
    position = scratch.at;
  }
  const digit = (bytes[position] as number) - 48;
  if (position === first || (bytes[first] === 0x30 && position > first + 1)) return -1;
  if (isQuoted ? digit !== -14 : (digit >= 0 && digit <= 9) || digit === -2 || digit === 21 || digit === 53) return -1; // . E e
  scratch.at = isQuoted ? position + 1 : position;
  const isSigned = op === opInt32 || op === opInt64;
  if (position <= first + 9) {
    if (!isNegative) return writeVarint32(value, p);
    if (isSigned && value !== 0) return writeVarint64(-1, -value, p);
  }
  joinDigits(value, tail, position - headEnd);
  const isFitting = applySign(isNegative, isSigned, op === opInt64 || op === opUint64);
  return isFitting ? writeVarint64(scratch.high, scratch.low, p) : -1;
}

function readBareNumber(op: Op, from: number, p: number): number {
  if (op === opDouble || op === opFloat) {
    const after = putFloating(op, doubleAt(from), p);
    return after < 0 ? failKind(op, from) : after;
  }
  if (!scanNumberText(from)) return failKind(op, from);
  const end = scratch.at;
  const after = putNumberText(op, from, end, p);
  if (after < 0) return failKind(op, from);
  scratch.at = end;
  return after;
}

function readQuotedNumber(op: Op, from: number, p: number): number {
  findString(from + 1, p);
  const end = scratch.at;
  const after = putNumberText(op, scratch.spanStart, scratch.spanEnd, p);
  if (after < 0) return failKind(op, from);
  scratch.at = end;
  return after;
}

/** The number that is the whole text from `start` to `end`; -1 when it is not one of the kind, or out of range. */
export function putNumberText(op: Op, start: number, end: number, p: number): number {
  switch (op) {
    case opDouble:
    case opFloat:
      return putFloatingText(op, start, end, p);
    case opInt32:
      if (!parseInteger(start, end, true, false)) return -1;
      return scratch.low < 0 ? writeVarint64(-1, scratch.low, p) : writeVarint32(scratch.low, p);
    case opSint32:
      return parseInteger(start, end, true, false) ? writeVarint32((scratch.low << 1) ^ (scratch.low >> 31), p) : -1;
    case opUint32:
      return parseInteger(start, end, false, false) ? writeVarint32(scratch.low, p) : -1;
    case opInt64:
      return parseInteger(start, end, true, true) ? writeVarint64(scratch.high, scratch.low, p) : -1;
    case opUint64:
      return parseInteger(start, end, false, true) ? writeVarint64(scratch.high, scratch.low, p) : -1;
    case opSint64: {
      if (!parseInteger(start, end, true, true)) return -1;
      const sign = scratch.high >> 31;
      return writeVarint64(((scratch.high << 1) | (scratch.low >>> 31)) ^ sign, (scratch.low << 1) ^ sign, p);
    }
    case opFixed32:
    case opSfixed32:
      if (!parseInteger(start, end, op === opSfixed32, false)) return -1;
      scratch.view.setInt32(p, scratch.low, true);
      return p + 4;
    default:
      if (!parseInteger(start, end, op === opSfixed64, true)) return -1;
      scratch.view.setInt32(p, scratch.low, true);
      scratch.view.setInt32(p + 4, scratch.high, true);
      return p + 8;
  }
}

const named: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** A number that may also be one of the three that have names. */
function putFloatingText(op: Op, start: number, end: number, p: number): number {
  const last = scratch.bytes[end - 1] as number;
  if (end > start && (last === 0x4e || last === 0x79)) {
    const value = named.get(scratch.bytes.toString('latin1', start, end));
    if (value === undefined) return -1;
    return op === opFloat ? setFloat(value, p) : setDouble(value, p);
  }
  const value = doubleAt(start);
  return scratch.at === end ? putFloating(op, value, p) : -1;
}

/** -1 when it is out of range, or NaN. */
function putFloating(op: Op, value: number, p: number): number {
  if (op === opDouble) return Number.isFinite(value) ? setDouble(value, p) : -1;
  return Number.isFinite(Math.fround(value)) ? setFloat(value, p) : -1;
}

export function setDouble(value: number, p: number): number {
  scratch.view.setFloat64(p, value, true);
  return p + 8;
}

function setFloat(value: number, p: number): number {
  scratch.view.setFloat32(p, value, true);
  return p + 4;
}

/** Values of the base64 digits of both alphabets; -1 for all else. */
const sextets: Int8Array = new Int8Array(256).fill(-1);
for (const [value, digit] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  sextets[digit.charCodeAt(0)] = value;
}
sextets[0x2d] = 62;
sextets[0x5f] = 63;

/** Base64 of either alphabet, with padding or without, decoded with its length in front; -1 when it is none. */
export function putBase64(start: number, end: number, p: number): number {
  let stop = end;
  while (stop > start && end - stop < 2 && scratch.bytes[stop - 1] === 0x3d) stop--;
  const left = (stop - start) & 3;
  if (left === 1 || (stop < end && ((end - start) & 3) !== 0)) return -1;
  const length = ((stop - start) >> 2) * 3 + (left === 0 ? 0 : left - 1);
  if (length >= nativeBase64) {
    // The engine passes over what is no digit, and then comes out short.
    const text = scratch.bytes.toString('latin1', start, stop);
    p = writeVarint32(length, p);
    return scratch.bytes.write(text, p, length, 'base64') === length ? p + length : -1;
  }
  // Decoding onto its own text (a string with escapes was decoded to `p`) would eat what is not read yet.
  if (start === p) return putBase64Moved(start, end, p);
  p = writeVarint32(length, p);
  let position = start;
  for (; position + 4 <= stop; position += 4, p += 3) {
    const group =
      ((sextets[scratch.bytes[position] as number] as number) << 18) |
      ((sextets[scratch.bytes[position + 1] as number] as number) << 12) |
      ((sextets[scratch.bytes[position + 2] as number] as number) << 6) |
      (sextets[scratch.bytes[position + 3] as number] as number);
    if (group < 0) return -1;
    scratch.view.setInt32(p, group << 8, false);
  }
  if (left === 0) return p;
  const third = left === 3 ? (sextets[scratch.bytes[position + 2] as number] as number) : 0;
  const tail =
    ((sextets[scratch.bytes[position] as number] as number) << 18) |
    ((sextets[scratch.bytes[position + 1] as number] as number) << 12) |
    (third << 6);
  if (tail < 0) return -1;
  scratch.view.setInt32(p, tail << 8, false);
  return p + left - 1;
}

function putBase64Moved(start: number, end: number, p: number): number {
  const bytes = scratch.bytes.toString('latin1', start, end);
  const room = end + 16;
  scratch.bytes.write(bytes, room, 'latin1');
  const after = putBase64(room, room + bytes.length, p);
  return after;
}

/** The number of an enum's value; -1 for an unknown name, or number of a closed enum, where those are ignored. */
export function readEnum(field: ReaderField, from: number, p: number, ignoresUnknown: boolean): number {
  const names = field.enumNames as NonNullable<ReaderField['enumNames']>;
  let number: number | undefined;
  const first = scratch.bytes[from];
  if (first === 0x22) number = namedValue(names, from, p);
  else if (field.isNullEnum && first === 0x6e) {
    expectLiteral(from, 'null');
    number = 0;
  } else {
    if (!scanNumberText(from) || !parseInteger(from, scratch.at, true, false)) return failEnum(names, from);
    const { isClosed, valuesByNumber } = names.descriptor;
    if (!isClosed || valuesByNumber.has(scratch.low)) number = scratch.low;
  }
  if (number !== undefined) return number < 0 ? writeVarint64(-1, number, p) : writeVarint32(number, p);
  return ignoresUnknown ? -1 : failEnum(names, from);
}

function namedValue(names: EnumNames, from: number, p: number): number | undefined {
  const number = names.table.find(from + 1, p);
  if (number !== undefined || names.anyCase === undefined) return number;
  findString(from + 1, p);
  return names.anyCase.get(scratch.bytes.toString('utf8', scratch.spanStart, scratch.spanEnd).toUpperCase());
}

function failEnum({ descriptor }: EnumNames, from: number): never {
  return fail(`${excerpt(from)} is not a value of ${descriptor.fullName}`, from);
}

/** The key of a map, which is a string in JSON, as its scalar. */
export function readMapKey(op: number, from: number, p: number): number {
  if (op === opString) return readString(from + 1, p);
  findString(from + 1, p);
  const end = scratch.at;
  let after: number;
  if (op === opBool) {
    const text = scratch.bytes.toString('latin1', scratch.spanStart, scratch.spanEnd);
    scratch.bytes[p] = text === 'true' ? 1 : 0;
    after = text === 'true' || text === 'false' ? p + 1 : -1;
  } else after = putNumberText(op, scratch.spanStart, scratch.spanEnd, p);
  if (after < 0) fail(`the key ${excerpt(from)} is not ${kindOf(op)}`, from);
  scratch.at = end;
  return after;
}
