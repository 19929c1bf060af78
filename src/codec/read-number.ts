/**
 * @module Numbers from their text in the working buffer, exactly. Texts are those of JSON numbers, bare or out of a string.
 */

import { scratch as shared } from '../wire/scratch.ts';
import { powersOfTen, productError } from './exact-product.ts';
import { scanNumberText } from './json-cursor.ts';

const scratch = shared;

/**
 * Reads the integer that is the whole text of `start` to `end` into `scratch.high` and `scratch.low`; false when it is none or does not fit.
 * `1.0` and `1e3` are integers.
 */
export function parseInteger(start: number, end: number, isSigned: boolean, is64: boolean): boolean {
  if (!scanNumberText(start) || scratch.at !== end) return false;
  const isNegative = scratch.bytes[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  const fits = scratch.isWhole ? parseDigits(first, end) : parseDecimal(scratch.bytes.toString('latin1', first, end));
  return fits && applySign(isNegative, isSigned, is64);
}

/** Digits without a sign into the two halves of an unsigned number; false from 2^64 on. */
function parseDigits(start: number, end: number): boolean {
  if (end - start > 20) return false;
  const headEnd = Math.min(end, start + 15);
  return joinDigits(digits(start, headEnd), digits(headEnd, end), end - headEnd);
}

/** The halves of `head * 10^tailDigits + tail`, where there are 15 and 5 digits at most; false from 2^64 on. */
export function joinDigits(head: number, tail: number, tailDigits: number): boolean {
  // No product leaves the integers that a double holds exactly.
  const scale = powersOfTen[tailDigits] as number;
  const upper = Math.floor(head / 4294967296);
  const lower = (head - upper * 4294967296) * scale + tail;
  const high = upper * scale + Math.floor(lower / 4294967296);
  scratch.high = high | 0;
  scratch.low = lower | 0;
  return high < 4294967296;
}

function digits(start: number, end: number): number {
  let value = 0;
  for (let position = start; position < end; position++) value = value * 10 + (scratch.bytes[position] as number) - 48;
  return value;
}

/** The same for a text with fraction or exponent: rare, so by BigInt. */
function parseDecimal(text: string): boolean {
  const [mantissa = '', exponentText = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const significant = (whole + fraction).replace(/0+$/, '');
  const zeros = Number(exponentText) - fraction.length + (whole.length + fraction.length - significant.length);
  const trimmed = significant.replace(/^0+/, '');
  scratch.high = 0;
  scratch.low = 0;
  if (trimmed === '') return true;
  if (zeros < 0 || trimmed.length + zeros > 20) return false;
  const value = BigInt(trimmed) * 10n ** BigInt(zeros);
  if (value >> 64n !== 0n) return false;
  scratch.high = Number(BigInt.asIntN(32, value >> 32n));
  scratch.low = Number(BigInt.asIntN(32, value));
  return true;
}

/** Makes the halves those of the signed value; false when it is out of range. */
export function applySign(isNegative: boolean, isSigned: boolean, is64: boolean): boolean {
  if (isNegative) {
    if (!isSigned) return scratch.high === 0 && scratch.low === 0;
    const isSmallest = is64
      ? scratch.high === -0x80000000 && scratch.low === 0
      : scratch.high === 0 && scratch.low === -0x80000000;
    if (!isSmallest && !(is64 ? scratch.high >= 0 : scratch.high === 0 && scratch.low >= 0)) return false;
    scratch.high = scratch.low === 0 ? -scratch.high | 0 : ~scratch.high;
    scratch.low = -scratch.low | 0;
    return true;
  }
  if (is64) return !isSigned || scratch.high >= 0;
  return scratch.high === 0 && (!isSigned || scratch.low >= 0);
}

/**
 * The double that the JSON number at `start` to `end` stands for, correctly rounded, or NaN when it is no number. Infinite when
 * it is too large.
 */
export function parseDouble(start: number, end: number): number {
  if (!scanNumberText(start) || scratch.at !== end) return Number.NaN;
  return doubleOf(start, end);
}

/** The same for a text that has been scanned. */
export function doubleOf(start: number, end: number): number {
  const { bytes } = scratch;
  const isNegative = bytes[start] === 0x2d;
  let position = isNegative ? start + 1 : start;
  // The first 15 digits that count, and up to four more.
  let head = 0;
  let tail = 0;
  let tailDigits = 0;
  let fractionDigits = 0;
  let inFraction = 0;
  for (; position < end && tailDigits <= 4; position++) {
    const digit = (bytes[position] as number) - 48;
    if (digit === -2) {
      inFraction = 1;
      continue;
    }
    if (digit > 9 || digit < 0) break;
    fractionDigits += inFraction;
    if (head < 1e14) head = head * 10 + digit;
    else {
      tail = tail * 10 + digit;
      tailDigits++;
    }
  }
  if (position === end && tailDigits <= 4 && fractionDigits <= 22) {
    const value =
      tailDigits === 0
        ? head / (powersOfTen[fractionDigits] as number)
        : quotient(head, tail, tailDigits, fractionDigits);
    if (!Number.isNaN(value)) return isNegative ? -value : value;
  }
  return Number(bytes.toString('latin1', start, end));
}

/**
 * `(head * 10^tailDigits + tail) / 10^fractionDigits`, correctly rounded; NaN when that is too close to call. The dividend is held exactly
 * in two doubles, the quotient with some 100 bits.
 */
function quotient(head: number, tail: number, tailDigits: number, fractionDigits: number): number {
  const scale = powersOfTen[tailDigits] as number;
  const divisor = powersOfTen[fractionDigits] as number;
  const scaled = head * scale;
  const high = scaled + tail;
  const low = tail - (high - scaled) + productError(head, scale, scaled);
  const first = high / divisor;
  const product = first * divisor;
  const second = (high - product - productError(first, divisor, product) + low) / divisor;
  const doubt = first * 2 ** -98;
  const value = first + (second - doubt);
  return value === first + (second + doubt) ? value : Number.NaN;
}
