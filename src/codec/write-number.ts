/**
 * @module Integers as JSON text, straight into the working buffer. Each function writes at `p`, takes at most 32 bytes, and
 * returns the position behind.
 */
import { scratch as shared } from '../wire/scratch.ts';

const scratch = shared;

/** "00" to "99", each as the two bytes of a little-endian number. */
const pairs: Uint16Array = Uint16Array.from({ length: 100 }, (_, n) => (48 + ((n / 10) | 0)) | ((48 + (n % 10)) << 8));

export function writeUint32(value: number, p: number): number {
  if (value < 10) {
    scratch.bytes[p] = 48 + value;
    return p + 1;
  }
  const end = p + digitsOf(value);
  let at = end;
  let rest = value;
  while (rest >= 100) {
    const quotient = (rest / 100) >>> 0;
    at -= 2;
    scratch.view.setUint16(at, pairs[rest - quotient * 100] as number, true);
    rest = quotient;
  }
  if (rest >= 10) scratch.view.setUint16(at - 2, pairs[rest] as number, true);
  else scratch.bytes[at - 1] = 48 + rest;
  return end;
}

function digitsOf(value: number): number {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 100000000) return value < 1000000 ? (value < 100000 ? 5 : 6) : value < 10000000 ? 7 : 8;
  return value < 1000000000 ? 9 : 10;
}

export function writeInt32(value: number, p: number): number {
  if (value >= 0) return writeUint32(value, p);
  scratch.bytes[p] = 0x2d;
  return writeUint32(-value, p + 1);
}

/** The digits of a 64-bit number given as two 32-bit halves. */
export function writeUint64(high: number, low: number, p: number): number {
  if (high === 0) return writeUint32(low >>> 0, p);
  if (high > 0 && high < 0x200000) {
    const value = high * 4294967296 + (low >>> 0);
    const top = Math.floor(value / 1e9);
    return writePadded(value - top * 1e9, 9, writeUint32(top, p));
  }
  // Long division of the 16-bit limbs by 10^9: no step leaves the integers that a double holds exactly.
  let rest = high >>> 0;
  let quotient = Math.floor(rest / 1e9);
  rest = (rest - quotient * 1e9) * 65536 + (low >>> 16);
  let digit = Math.floor(rest / 1e9);
  quotient = quotient * 65536 + digit;
  rest = (rest - digit * 1e9) * 65536 + (low & 0xffff);
  digit = Math.floor(rest / 1e9);
  quotient = quotient * 65536 + digit;
  rest -= digit * 1e9;
  const top = Math.floor(quotient / 1e9);
  const middle = quotient - top * 1e9;
  p = top > 0 ? writePadded(middle, 9, writeUint32(top, p)) : writeUint32(middle, p);
  return writePadded(rest, 9, p);
}

export function writeInt64(high: number, low: number, p: number): number {
  if (high >= 0) return writeUint64(high, low, p);
  scratch.bytes[p] = 0x2d;
  return writeUint64(low === 0 ? -high : ~high, -low | 0, p + 1);
}

/** Two digits, of a number below 100. */
export function writeTwo(value: number, p: number): number {
  scratch.view.setUint16(p, pairs[value] as number, true);
  return p + 2;
}

/** Exactly `width` digits, with leading zeros. */
export function writePadded(value: number, width: number, p: number): number {
  let rest = value;
  for (let at = p + width - 1; at >= p; at--) {
    const quotient = (rest / 10) >>> 0;
    scratch.bytes[at] = 48 + (rest - quotient * 10);
    rest = quotient;
  }
  return p + width;
}

/** A short ASCII text as it is. */
export function writeAscii(text: string, p: number): number {
  for (let index = 0; index < text.length; index++) scratch.bytes[p + index] = text.charCodeAt(index);
  return p + text.length;
}
