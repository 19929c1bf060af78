/**
 * @module Numbers as JSON text, straight into the working buffer. Each function writes at `p`, takes at most 32 bytes, and
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

/** The shortest digits that read as the same double; NaN and the infinities as strings. */
export function writeDouble(value: number, p: number): number {
  if (value === (value | 0)) {
    if (value === 0 && 1 / value < 0) return writeAscii('-0', p);
    return writeInt32(value, p);
  }
  if (value > -1e9 && value < 1e9) {
    // A decimal of at most 15 digits that reads as this double is the only one, and so the shortest.
    const millionths = Math.round(value * 1e6);
    if (millionths / 1e6 === value) return writeMillionths(millionths, p);
  }
  return writeAscii(Number.isFinite(value) ? String(value) : `"${value}"`, p);
}

const smallestNormal = 2 ** -126;

/** The shortest digits that read as the same float. */
export function writeFloat(value: number, p: number): number {
  if (value === (value | 0) || !Number.isFinite(value)) return writeDouble(value, p);
  // A decimal of six digits is one float at most, so without trailing zeros it is the shortest; denormals have fewer.
  for (let precision = Math.abs(value) < smallestNormal ? 1 : 6; precision < 9; precision++) {
    const decimal = Number(value.toPrecision(precision));
    if (Math.fround(decimal) === value) return writeDouble(decimal, p);
  }
  return writeDouble(Number(value.toPrecision(9)), p);
}

function writeMillionths(millionths: number, p: number): number {
  let rest = millionths;
  if (rest < 0) {
    scratch.bytes[p++] = 0x2d;
    rest = -rest;
  }
  const whole = Math.floor(rest / 1e6);
  p = writeUint32(whole, p);
  scratch.bytes[p++] = 0x2e;
  let end = writePadded(rest - whole * 1e6, 6, p);
  while (scratch.bytes[end - 1] === 0x30) end--;
  return end;
}

/** A short ASCII text as it is. */
export function writeAscii(text: string, p: number): number {
  for (let index = 0; index < text.length; index++) scratch.bytes[p + index] = text.charCodeAt(index);
  return p + text.length;
}
