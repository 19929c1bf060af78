/**
 * @module Scalars and enums from wire to JSON, in the working buffer.
 */
import { Fault } from '../wire/fault.ts';
import { grow, scratch as shared } from '../wire/scratch.ts';
import { readFixed64, readLength, readVarint32, readVarint64 } from '../wire/varint.ts';
import {
  type Op,
  opBool,
  opBytes,
  opDouble,
  opEnum,
  opFixed32,
  opFixed64,
  opFloat,
  opInt32,
  opInt64,
  opSfixed32,
  opSint32,
  opSint64,
  opString,
  opUint32,
  opUint64,
} from './value-op.ts';
import { writeDouble, writeFloat } from './write-floating.ts';
import { writeAscii, writeInt32, writeInt64, writeUint32, writeUint64 } from './write-number.ts';
import type { WriterField } from './write-plan.ts';
import { copyText, writeBase64, writeString } from './write-text.ts';

const scratch = shared;

/**
 * The value at `from`, behind which `scratch.at` is then. Returns `p` itself when there is nothing to write: the number of a closed enum
 * that is not known.
 */
export function writeScalar(field: WriterField, from: number, end: number, p: number): number {
  switch (field.op) {
    case opString:
    case opBytes:
      return writeSpan(field, from, end, p);
    case opInt32:
      return writeInt32(readVarint32(from, end), p);
    case opBool:
      readVarint64(from, end);
      return writeBool((scratch.low | scratch.high) !== 0, p);
    case opEnum:
      return writeEnum(field, from, end, p);
    case opDouble:
      return writeDouble(scratch.view.getFloat64(checked(from, 8, end), true), p);
    case opUint32:
      return writeUint32(readVarint32(from, end) >>> 0, p);
    case opFloat:
      return writeFloat(scratch.view.getFloat32(checked(from, 4, end), true), p);
    case opSint32: {
      const value = readVarint32(from, end);
      return writeInt32((value >>> 1) ^ -(value & 1), p);
    }
    case opFixed32:
      return writeUint32(scratch.view.getUint32(checked(from, 4, end), true), p);
    case opSfixed32:
      return writeInt32(scratch.view.getInt32(checked(from, 4, end), true), p);
    default:
      return writeLong(field.op, from, end, p);
  }
}

/** A string or bytes. */
function writeSpan(field: WriterField, from: number, end: number, p: number): number {
  const length = readLength(from, end);
  const start = scratch.at;
  p = field.op === opString ? writeString(start, length, p, field.isUtf8Verified) : writeBase64(start, length, p);
  scratch.at = start + length;
  return p;
}

/** A 64-bit integer, in quotes. */
function writeLong(op: Op, from: number, end: number, p: number): number {
  switch (op) {
    case opInt64:
      readVarint64(from, end);
      return writeQuoted(scratch.high, scratch.low, true, p);
    case opUint64:
      readVarint64(from, end);
      return writeQuoted(scratch.high, scratch.low, false, p);
    case opSint64: {
      readVarint64(from, end);
      const sign = -(scratch.low & 1);
      return writeQuoted((scratch.high >>> 1) ^ sign, ((scratch.low >>> 1) | (scratch.high << 31)) ^ sign, true, p);
    }
    default:
      readFixed64(from, end);
      return writeQuoted(scratch.high, scratch.low, op !== opFixed64, p);
  }
}

/** `from`, when as many bytes are there; moves `scratch.at` behind them. */
function checked(from: number, count: number, end: number): number {
  if (from + count > end) throw new Fault('a number is cut off', from);
  scratch.at = from + count;
  return from;
}

function writeQuoted(upper: number, lower: number, isSigned: boolean, p: number): number {
  scratch.bytes[p] = 0x22;
  p = isSigned ? writeInt64(upper, lower, p + 1) : writeUint64(upper, lower, p + 1);
  scratch.bytes[p] = 0x22;
  return p + 1;
}

function writeBool(value: boolean, p: number): number {
  if (value) {
    scratch.view.setInt32(p, 0x65757274, true);
    return p + 4;
  }
  scratch.view.setInt32(p, 0x736c6166, true);
  scratch.bytes[p + 4] = 0x65;
  return p + 5;
}

function writeEnum(field: WriterField, from: number, end: number, p: number): number {
  const value = readVarint32(from, end) | 0;
  const texts = field.enumTexts as NonNullable<WriterField['enumTexts']>;
  const text = value >= 0 && value < 64 ? texts.small[value] : texts.byNumber.get(value);
  if (text === undefined) return texts.isClosed ? p : texts.isNull ? writeAscii('null', p) : writeInt32(value, p);
  if (texts.asNumber) return writeInt32(value, p);
  if (p + text.length > scratch.limit) grow(p + text.length);
  return copyText(text, p);
}
