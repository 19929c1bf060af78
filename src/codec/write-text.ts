/**
 * @module Strings and bytes as JSON text. Runs of plain ASCII move from wire to JSON four bytes at a time.
 */

import { Fault } from '../wire/fault.ts';
import { grow, scratch as shared } from '../wire/scratch.ts';

const scratch = shared;

/**
 * A pre-encoded text as little-endian 32-bit words, padded with zeros. The first four are fields of their own, since most texts are keys
 * that end within them, and a copy without a loop and a second object is a tenth of the whole conversion (measured).
 */
export interface Text {
  readonly length: number;
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  readonly words: Int32Array;
  /** The bits of the last word that count. */
  readonly lastMask: number;
}

export function textOf(text: string): Text {
  const bytes = Buffer.from(text, 'utf8');
  const { length } = bytes;
  const padded = Buffer.alloc(Math.max(16, Math.ceil(length / 4) * 4));
  bytes.copy(padded);
  const words = Int32Array.from({ length: Math.ceil(length / 4) }, (_, index) => padded.readInt32LE(index * 4));
  const [word0, word1, word2, word3] = [0, 4, 8, 12].map((offset) => padded.readInt32LE(offset)) as [
    number,
    number,
    number,
    number,
  ];
  return { length, word0, word1, word2, word3, words, lastMask: length % 4 === 0 ? -1 : (1 << ((length % 4) * 8)) - 1 };
}

/** The text as bytes of its own. */
export function bytesOf(text: Text): Buffer {
  return Buffer.from(Int32Array.from(text.words).buffer, 0, text.length);
}

/** Copies a pre-encoded text. The caller has made room. */
export function copyText(text: Text, p: number): number {
  const { view } = scratch;
  view.setInt32(p, text.word0, true);
  view.setInt32(p + 4, text.word1, true);
  view.setInt32(p + 8, text.word2, true);
  view.setInt32(p + 12, text.word3, true);
  if (text.length > 16) {
    const { words } = text;
    for (let index = 4; index < words.length; index++) view.setInt32(p + index * 4, words[index] as number, true);
  }
  return p + text.length;
}

/** Whether the working buffer holds the text at a position. */
export function isTextAt(text: Text, position: number): boolean {
  const expected = text.words;
  const last = expected.length - 1;
  for (let index = 0; index < last; index++) {
    if (scratch.view.getInt32(position + index * 4, true) !== expected[index]) return false;
  }
  return (scratch.view.getInt32(position + last * 4, true) & text.lastMask) === expected[last];
}

/**
 * Non-zero when one of four bytes is not ASCII, is below 0x20, or is `"` or `\`: then it cannot be copied as it is. Flipping
 * bit 1 makes `"` the neighbour of the control characters, so that one comparison finds both.
 */
export function unplain(word: number): number {
  return (word | ((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & 0x80808080;
}

/** Of the flags of `unplain`: how many plain bytes come before the first other one. */
export function firstUnplain(flags: number): number {
  return (31 - Math.clz32(flags & -flags)) >> 3;
}

/** Four bytes of which only the first `count` (1 to 3) count; the others are made spaces. */
function padWord(word: number, count: number): number {
  const mask = (1 << (count * 8)) - 1;
  return (word & mask) | (0x20202020 & ~mask);
}

/**
 * A JSON string of the UTF-8 at `from`. With `verified` false (proto2) invalid bytes become U+FFFD, otherwise they throw
 * Fault.
 */
export function writeString(from: number, length: number, p: number, verified: boolean): number {
  const end = from + length;
  if (p + length > scratch.limit) grow(p + length);
  const { bytes, view } = scratch;
  bytes[p++] = 0x22;
  let position = from;
  for (; position + 4 <= end; position += 4, p += 4) {
    const word = view.getInt32(position, true);
    if (unplain(word) !== 0) return writeRest(position, end, p, verified);
    view.setInt32(p, word, true);
  }
  if (position < end) {
    const word = padWord(view.getInt32(position, true), end - position);
    if (unplain(word) !== 0) return writeRest(position, end, p, verified);
    view.setInt32(p, word, true);
    p += end - position;
  }
  bytes[p] = 0x22;
  return p + 1;
}

/** The rest of a string that is not all plain ASCII. */
function writeRest(from: number, end: number, p: number, verified: boolean): number {
  let position = from;
  while (position < end) {
    const left = end - position;
    const next = scratch.view.getInt32(position, true);
    const word = left >= 4 ? next : padWord(next, left);
    scratch.view.setInt32(p, word, true);
    const flags = unplain(word);
    const count = flags === 0 ? Math.min(left, 4) : firstUnplain(flags);
    position += count;
    p += count;
    if (flags === 0) continue;
    const byte = scratch.bytes[position] as number;
    if (byte < 0x80) {
      p = writeEscape(byte, p, end - position);
      position++;
    } else {
      p = copyUtf8(position, end, p, verified);
      position = scratch.at;
    }
  }
  scratch.bytes[p] = 0x22;
  return p + 1;
}

/** Copies sequences of two to four bytes as long as they follow each other; `scratch.at` is behind them. */
function copyUtf8(from: number, end: number, p: number, verified: boolean): number {
  let position = from;
  do {
    const size = sequenceSize(position, end);
    if (size < 0) {
      if (verified) throw new Fault('a string is not UTF-8', position);
      if (p + (end - position) + 3 > scratch.limit) grow(p + (end - position) + 3);
      p = copyReplacement(p);
      position -= size;
    } else {
      scratch.view.setInt32(p, scratch.view.getInt32(position, true), true);
      p += size;
      position += size;
    }
  } while (position < end && (scratch.bytes[position] as number) >= 0x80);
  scratch.at = position;
  return p;
}

function copyReplacement(p: number): number {
  scratch.bytes[p] = 0xef;
  scratch.bytes[p + 1] = 0xbf;
  scratch.bytes[p + 2] = 0xbd;
  return p + 3;
}

/**
 * Bytes of the well-formed UTF-8 sequence that begins at a byte of 0x80 or more. For an ill-formed one, less than zero: as many bytes as
 * one U+FFFD stands for (https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/, table 3-7 and "maximal subparts").
 */
export function sequenceSize(position: number, end: number): number {
  const { bytes } = scratch;
  const first = bytes[position] as number;
  if (first < 0xc2 || first > 0xf4) return -1;
  const second = position + 1 < end ? (bytes[position + 1] as number) : 0;
  if ((second & 0xc0) !== 0x80) return -1;
  if (first < 0xe0) return 2;
  if (
    first === 0xe0
      ? second < 0xa0
      : first === 0xed
        ? second > 0x9f
        : first === 0xf0
          ? second < 0x90
          : first === 0xf4 && second > 0x8f
  ) {
    return -1;
  }
  if (position + 2 >= end || ((bytes[position + 2] as number) & 0xc0) !== 0x80) return -2;
  if (first < 0xf0) return 3;
  return position + 3 >= end || ((bytes[position + 3] as number) & 0xc0) !== 0x80 ? -3 : 4;
}

const hex = Buffer.from('0123456789abcdef', 'latin1');
/** Second byte of the short escapes, by character: \b \t \n \f \r \" \\. */
const shortEscapes: Readonly<Record<number, number>> = {
  8: 0x62,
  9: 0x74,
  10: 0x6e,
  12: 0x66,
  13: 0x72,
  34: 34,
  92: 92,
};

/** An escaped character; `left` bytes of its string are still to come, for which room is kept. */
function writeEscape(byte: number, p: number, left: number): number {
  if (p + left + 6 > scratch.limit) grow(p + left + 6);
  scratch.bytes[p] = 0x5c;
  const short = shortEscapes[byte];
  if (short !== undefined) {
    scratch.bytes[p + 1] = short;
    return p + 2;
  }
  scratch.bytes.write('u00', p + 1, 'latin1');
  scratch.bytes[p + 4] = hex[byte >> 4] as number;
  scratch.bytes[p + 5] = hex[byte & 15] as number;
  return p + 6;
}

const base64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 'latin1');

/**
 * From so many bytes on a call into the engine, which converts many at once, is taken to be cheaper than a loop here: for
 * decoding it is (measured: 0.1 µs a call), for encoding the same bound is used.
 */
export const nativeBase64 = 96;

/** Bytes as a JSON string of base64 with padding. */
export function writeBase64(from: number, length: number, p: number): number {
  const room = p + Math.ceil(length / 3) * 4;
  if (room > scratch.limit) grow(room);
  scratch.bytes[p++] = 0x22;
  const end = from + length;
  if (length >= nativeBase64) {
    p += scratch.bytes.write(scratch.bytes.toString('base64', from, end), p, 'latin1');
    scratch.bytes[p] = 0x22;
    return p + 1;
  }
  let position = from;
  for (; position + 3 <= end; position += 3, p += 4) {
    const group =
      ((scratch.bytes[position] as number) << 16) |
      ((scratch.bytes[position + 1] as number) << 8) |
      (scratch.bytes[position + 2] as number);
    scratch.view.setInt32(p, fourOf(group), true);
  }
  const left = end - position;
  if (left > 0) {
    const group =
      ((scratch.bytes[position] as number) << 16) | (left === 2 ? (scratch.bytes[position + 1] as number) << 8 : 0);
    scratch.view.setInt32(p, fourOf(group), true);
    scratch.bytes[p + 3] = 0x3d;
    if (left === 1) scratch.bytes[p + 2] = 0x3d;
    p += 4;
  }
  scratch.bytes[p] = 0x22;
  return p + 1;
}

function fourOf(group: number): number {
  return (
    (base64[group >> 18] as number) |
    ((base64[(group >> 12) & 63] as number) << 8) |
    ((base64[(group >> 6) & 63] as number) << 16) |
    ((base64[group & 63] as number) << 24)
  );
}
