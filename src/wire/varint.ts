/**
 * @module Varints, tags and skipping, in the working buffer. Functions that read more than one number leave the rest in `at`,
 * `low` and `high`, which hold until the next read.
 */

import { Fault } from './fault.ts';
import { scratch as shared } from './scratch.ts';

const scratch = shared;

/** Nested groups of unknown fields that are walked through. */
const maxGroupDepth = 100;

/** The low 32 bits of a varint, as an int32. Throws Fault when it runs over `end` or has more than ten bytes. */
export function readVarint32(from: number, end: number): number {
  const byte = scratch.bytes[from] as number;
  if (byte > 0x7f || from >= end) return readLongVarint32(from, end);
  scratch.at = from + 1;
  return byte;
}

function readLongVarint32(from: number, end: number): number {
  let position = from;
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (position >= end) throw new Fault('a number is cut off', from);
    const byte = scratch.bytes[position++] as number;
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      scratch.at = position;
      return value;
    }
  }
  throw new Fault('a number has more than ten bytes', from);
}

/** A varint of 64 bits into `scratch.low` and `scratch.high`. */
export function readVarint64(from: number, end: number): void {
  const first = scratch.view.getInt32(from, true);
  if ((first & allContinued) !== allContinued) {
    // Four bytes at most.
    scratch.low = readVarint32(from, end);
    scratch.high = 0;
    return;
  }
  const second = scratch.view.getInt32(from + 4, true);
  const isLong = (second & allContinued) === allContinued;
  let middle = 0;
  let upper = 0;
  if (isLong) {
    upper = readVarint32(from + 8, end);
    if (scratch.at > from + 10) throw new Fault('a number has more than ten bytes', from);
    middle = joined(second);
  } else middle = readVarint32(from + 4, end);
  scratch.low = joined(first) | (middle << 28);
  scratch.high = (middle >>> 4) | (upper << 24);
}

const allContinued = 0x80808080 | 0;

/** The 28 bits of four bytes, without the first of each. */
function joined(word: number): number {
  return (word & 0x7f) | ((word >>> 1) & 0x3f80) | ((word >>> 2) & 0x1fc000) | ((word >>> 3) & 0xfe00000);
}

/** Four bytes of 28 bits, each with its first bit set. */
function parted(bits: number): number {
  return (bits & 0x7f) | ((bits & 0x3f80) << 1) | ((bits & 0x1fc000) << 2) | ((bits & 0xfe00000) << 3) | allContinued;
}

/** Eight bytes, lower half first, into `scratch.low` and `scratch.high`. */
export function readFixed64(from: number, end: number): void {
  if (from + 8 > end) throw new Fault('a number is cut off', from);
  scratch.low = scratch.view.getInt32(from, true);
  scratch.high = scratch.view.getInt32(from + 4, true);
  scratch.at = from + 8;
}

/** A tag: field number times eight plus wire type, as an unsigned number. */
export function readTag(from: number, end: number): number {
  const tag = readVarint32(from, end) >>> 0;
  // A tag is a uint32 of at most five bytes; the fifth has four bits to give.
  if (scratch.at - from > 5 || (scratch.at - from === 5 && (scratch.bytes[scratch.at - 1] as number) > 0x0f)) {
    throw new Fault('a field number is too large', from);
  }
  if (tag < 8) throw new Fault('0 is no field number', from);
  return tag;
}

/** A length that fits before `end`. */
export function readLength(from: number, end: number): number {
  const length = readVarint32(from, end);
  if (length < 0 || length > end - scratch.at) throw new Fault('a field is cut off', from);
  return length;
}

/** The position behind the value whose tag has been read. Groups are skipped to their end tag. */
export function skipValue(tag: number, from: number, end: number): number {
  switch (tag & 7) {
    case 0:
      readVarint32(from, end);
      return scratch.at;
    case 1:
      return skipBytes(8, from, end);
    case 2: {
      const length = readLength(from, end);
      return scratch.at + length;
    }
    case 3:
      return skipGroup(tag, from, end);
    case 5:
      return skipBytes(4, from, end);
    case 4:
      throw new Fault('a group ends that was not begun', from);
    default:
      throw new Fault(`${tag & 7} is no wire type`, from);
  }
}

function skipBytes(count: number, from: number, end: number): number {
  if (from + count > end) throw new Fault('a field is cut off', from);
  return from + count;
}

/** The position behind the end tag of a group whose start tag has been read. */
export function skipGroup(startTag: number, from: number, end: number): number {
  const open = [startTag + 1];
  let position = from;
  while (open.length > 0) {
    if (position >= end) throw new Fault('a group is not ended', from);
    const tag = readTag(position, end);
    const tagStart = position;
    position = scratch.at;
    if ((tag & 7) === 4) {
      scratch.spanEnd = tagStart;
      if (open.pop() !== tag) throw new Fault('a group ends that was not begun', position);
    } else if ((tag & 7) === 3) {
      if (open.push(tag + 1) > maxGroupDepth) throw new Fault('groups are nested too deeply', position);
    } else position = skipValue(tag, position, end);
  }
  return position;
}

/** Writes an unsigned 32-bit varint and returns the position behind it. */
export function writeVarint32(value: number, position: number): number {
  let rest = value;
  while (rest > 0x7f || rest < 0) {
    scratch.bytes[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  scratch.bytes[position++] = rest;
  return position;
}

/** Writes a 64-bit varint of two halves and returns the position behind it. */
export function writeVarint64(upper: number, lower: number, position: number): number {
  if (upper === 0) return writeVarint32(lower, position);
  scratch.view.setInt32(position, parted(lower), true);
  const top = upper >>> 24;
  const middle = (lower >>> 28) | (upper << 4);
  if (top === 0) return writeVarint32(middle, position + 4);
  scratch.view.setInt32(position + 4, parted(middle), true);
  return writeVarint32(top, position + 8);
}

/** The bytes of a varint, for what is put together outside of the working buffer. */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}
