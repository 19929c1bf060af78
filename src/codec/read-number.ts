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
  const head = appendDigits(0, start, 15);
  const headEnd = scratch.at;
  const tail = shortDigits(headEnd, 5);
  return scratch.at === end && joinDigits(head, tail, end - headEnd);
}

/** The number of at most nine digits at `from`, as far as there are any; `scratch.at` is behind them. */
export function shortDigits(from: number, most: number): number {
  const { bytes, view } = scratch;
  let value = 0;
  let position = from;
  for (; position + 4 <= from + most; position += 4) {
    const word = view.getInt32(position, true);
    if ((word & 0xf0f0f0f0) !== 0x30303030 || ((word + 0x06060606) & 0xf0f0f0f0) !== 0x30303030) break;
    // Four digits at once: pairs of neighbours, then the pair of pairs.
    const digits = word & 0x0f0f0f0f;
    const both = (digits * 10 + (digits >>> 8)) & 0x00ff00ff;
    value = value * 10000 + (both & 0xff) * 100 + (both >>> 16);
  }
  for (; position < from + most; position++) {
    const digit = (bytes[position] as number) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  scratch.at = position;
  return value;
}

/** `head` with at most `most` more digits, 15 in all. */
export function appendDigits(head: number, from: number, most: number): number {
  const first = shortDigits(from, Math.min(most, 8));
  const middle = scratch.at;
  const value = head * (powersOfTen[middle - from] as number) + first;
  if (middle < from + 8 || most <= 8) return value;
  const second = shortDigits(middle, most - 8);
  return value * (powersOfTen[scratch.at - middle] as number) + second;
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
 * The double that the JSON number at `from` stands for, correctly rounded, and infinite when it is too large; NaN when no number begins
 * here. `scratch.at` is behind it.
 */
export function doubleAt(from: number): number {
  const { bytes } = scratch;
  const isNegative = bytes[from] === 0x2d;
  const first = isNegative ? from + 1 : from;
  let head = appendDigits(0, first, 15);
  const wholeEnd = scratch.at;
  let tailAt = wholeEnd;
  let tail = 0;
  if (bytes[wholeEnd] === 0x2e) {
    // 15 digits and eight more; of the zero before a point none counts.
    head = appendDigits(head, wholeEnd + 1, head === 0 ? 15 : 15 - (wholeEnd - first));
    tailAt = scratch.at;
    tail = shortDigits(tailAt, 8);
  }
  const end = scratch.at;
  const fractionDigits = wholeEnd === end ? 0 : end - wholeEnd - 1;
  if (fractionDigits <= 22 && isPlain(first, wholeEnd, end)) {
    const value =
      tailAt === end
        ? head / (powersOfTen[fractionDigits] as number)
        : quotient(head, tail, end - tailAt, fractionDigits);
    if (!Number.isNaN(value)) return isNegative ? -value : value;
  }
  return scanNumberText(from) ? Number(bytes.toString('latin1', from, scratch.at)) : Number.NaN;
}

/** Whether a JSON number ends at `end`: no exponent, digits before the point and behind one, no leading zero. */
function isPlain(first: number, wholeEnd: number, end: number): boolean {
  const { bytes } = scratch;
  const next = bytes[end] as number;
  return (
    wholeEnd > first &&
    end !== wholeEnd + 1 &&
    (bytes[first] !== 0x30 || wholeEnd === first + 1) &&
    (next < 0x30 || next > 0x39) &&
    next !== 0x2e &&
    (next | 0x20) !== 0x65
  );
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
