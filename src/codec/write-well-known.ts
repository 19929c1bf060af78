/**
 * @module The JSON texts of Timestamp, Duration and FieldMask, straight into the working buffer.
 */

import { Fault } from '../wire/fault.ts';
import { grow, scratch as shared } from '../wire/scratch.ts';
import { readLength, readTag, readVarint32, readVarint64, skipValue } from '../wire/varint.ts';
import { timestampMessage } from './value-op.ts';
import { writeInt64, writePadded, writeTwo, writeUint32 } from './write-number.ts';
import type { WriterField, WriterPlan } from './write-plan.ts';

const scratch = shared;

// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
export const firstSecond = -62135596800;
export const lastSecond = 253402300799;
/** 10,000 years, as duration.proto says. */
export const longestDuration = 315576000000;

/** `"2021-01-02T03:04:05.006Z"` with 0, 3, 6 or 9 digits of fraction. */
function writeTimestamp(seconds: number, nanos: number, p: number, offset: number): number {
  if (!(seconds >= firstSecond && seconds <= lastSecond)) {
    throw new Fault(`a Timestamp of ${seconds} seconds is outside of the years 0001 to 9999`, offset);
  }
  if (nanos < 0 || nanos > 999999999) throw new Fault(`a Timestamp has ${nanos} nanos`, offset);
  const days = Math.floor(seconds / 86400);
  const time = seconds - days * 86400;
  const minutes = (time / 60) | 0;
  scratch.bytes[p] = 0x22;
  p = writeDate(days, p + 1);
  scratch.bytes[p] = 0x54;
  p = writeTwo((time / 3600) | 0, p + 1);
  scratch.bytes[p] = 0x3a;
  p = writeTwo(minutes % 60, p + 1);
  scratch.bytes[p] = 0x3a;
  p = writeTwo(time - minutes * 60, p + 1);
  p = writeFraction(nanos, p);
  scratch.bytes[p] = 0x5a;
  scratch.bytes[p + 1] = 0x22;
  return p + 2;
}

/** The civil date of a day counted from 1970-01-01, by eras of 400 years that begin on 1 March. */
function writeDate(days: number, p: number): number {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const leapDays = ((dayOfEra / 1460) | 0) - ((dayOfEra / 36524) | 0) + ((dayOfEra / 146096) | 0);
  const yearOfEra = ((dayOfEra - leapDays) / 365) | 0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0));
  const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const century = (year / 100) | 0;
  p = writeTwo(year - century * 100, writeTwo(century, p));
  scratch.bytes[p] = 0x2d;
  p = writeTwo(month, p + 1);
  scratch.bytes[p] = 0x2d;
  return writeTwo(dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0) + 1, p + 1);
}

function writeFraction(nanos: number, p: number): number {
  if (nanos === 0) return p;
  scratch.bytes[p] = 0x2e;
  if (nanos % 1000000 === 0) return writePadded((nanos / 1000000) | 0, 3, p + 1);
  if (nanos % 1000 === 0) return writePadded((nanos / 1000) | 0, 6, p + 1);
  return writePadded(nanos, 9, p + 1);
}

/** `"1.500s"`. The seconds come as two halves, since a wrong one may be any 64-bit number. */
function writeDuration(high: number, low: number, nanos: number, p: number, offset: number): number {
  const seconds = high * 4294967296 + (low >>> 0);
  if (seconds > longestDuration || seconds < -longestDuration) {
    throw new Fault('a Duration is longer than 10,000 years', offset);
  }
  if (nanos > 999999999 || nanos < -999999999) throw new Fault(`a Duration has ${nanos} nanos`, offset);
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
    throw new Fault('the seconds and nanos of a Duration differ in sign', offset);
  }
  scratch.bytes[p++] = 0x22;
  if (seconds === 0 && nanos < 0) {
    scratch.bytes[p] = 0x2d;
    p = writeUint32(0, p + 1);
  } else p = writeInt64(high, low, p);
  p = writeFraction(nanos < 0 ? -nanos : nanos, p);
  scratch.bytes[p] = 0x73;
  scratch.bytes[p + 1] = 0x22;
  return p + 2;
}

/**
 * One path of a FieldMask, snake_case to lowerCamelCase, without quotes. A path that would not come back the same is refused: none at
 * all, capitals, commas, blanks, and underscores that are not before a lower-case letter (field_mask.proto, "JSON Encoding of Field
 * Masks").
 */
function writeMaskPath(from: number, length: number, p: number): number {
  if (length === 0) throw new Fault('a path of a FieldMask is empty', from);
  if (p + length > scratch.limit) grow(p + length);
  const end = from + length;
  for (let position = from; position < end; position++) {
    let byte = scratch.bytes[position] as number;
    if (byte === 0x5f) {
      byte = position + 1 < end ? (scratch.bytes[++position] as number) : 0;
      if (byte < 0x61 || byte > 0x7a) throw new Fault('a path of a FieldMask has no lowerCamelCase form', from);
      byte -= 0x20;
    } else if ((byte >= 0x41 && byte <= 0x5a) || byte <= 0x20 || byte >= 0x7f || isMaskMark(byte)) {
      throw new Fault('a path of a FieldMask has no lowerCamelCase form', from);
    }
    scratch.bytes[p++] = byte;
  }
  return p;
}

/** A quote, a comma or a backslash: means something in the text of a FieldMask or around it. */
function isMaskMark(byte: number): boolean {
  return byte === 0x22 || byte === 0x2c || byte === 0x5c;
}

/** Position of the last value of a field, or -1. */
export function lastValue(field: WriterField, from: number, end: number): number {
  let found = -1;
  for (let position = from; position < end; ) {
    const tag = readTag(position, end);
    position = scratch.at;
    if (tag === field.tag) found = position;
    position = skipValue(tag, position, end);
  }
  return found;
}

/** A Timestamp or Duration. */
export function writeTime(plan: WriterPlan, from: number, end: number, p: number): number {
  let upper = 0;
  let lower = 0;
  let nanos = 0;
  for (let position = from; position < end; ) {
    const tag = readTag(position, end);
    position = scratch.at;
    if (tag === 0x08) {
      readVarint64(position, end);
      upper = scratch.high;
      lower = scratch.low;
      position = scratch.at;
    } else if (tag === 0x10) {
      nanos = readVarint32(position, end) | 0;
      position = scratch.at;
    } else position = skipValue(tag, position, end);
  }
  return plan.special === timestampMessage
    ? writeTimestamp(upper * 4294967296 + (lower >>> 0), nanos, p, from)
    : writeDuration(upper, lower, nanos, p, from);
}

/** The paths of a FieldMask as one string. */
export function writeFieldMask(plan: WriterPlan, from: number, end: number, p: number): number {
  scratch.bytes[p++] = 0x22;
  const start = p;
  for (let position = from; position < end; ) {
    const tag = readTag(position, end);
    position = scratch.at;
    if (tag === plan.inner.tag) {
      const length = readLength(position, end);
      if (p > start) scratch.bytes[p++] = 0x2c;
      p = writeMaskPath(scratch.at, length, p);
      position = scratch.at + length;
    } else position = skipValue(tag, position, end);
  }
  scratch.bytes[p] = 0x22;
  return p + 1;
}
