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
  // The quotient may be one off, as the dividend is rounded; the rest, of which the lower half is enough, tells.
  let quotient = Math.floor(((high >>> 0) * 4294967296 + (low >>> 0)) / 1e9);
  let rest = (low - Math.imul(quotient, 1e9)) | 0;
  if (rest < 0 || rest >= 1e9) {
    const step = rest < 0 ? -1 : 1;
    quotient += step;
    rest -= step * 1e9;
  }
  const top = Math.floor(quotient / 1e9);
  p = top > 0 ? writePadded(quotient - top * 1e9, 9, writeUint32(top, p)) : writeUint32(quotient, p);
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
  let at = p + width;
  for (; at >= p + 2; at -= 2) {
    const quotient = (rest / 100) >>> 0;
    scratch.view.setUint16(at - 2, pairs[rest - quotient * 100] as number, true);
    rest = quotient;
  }
  if (at > p) scratch.bytes[p] = 48 + rest;
  return p + width;
}

/** A short ASCII text as it is. */
export function writeAscii(text: string, p: number): number {
  for (let index = 0; index < text.length; index++) scratch.bytes[p + index] = text.charCodeAt(index);
  return p + text.length;
}
