/**
 * @module Doubles and floats as the shortest decimals that read as them, straight into the working buffer, at most 32 bytes. One of everyday
 * size is scaled to an integer of as many digits as always suffice; then the nearest multiples of 1000, 100, 10 and 1 are tried, the roundest
 * first, for whether they still read as the value. All else, and what is too close to call, is left to the engine.
 */
import { scratch as shared } from '../wire/scratch.ts';
import { powersOfTen, productError } from './exact-product.ts';
import { writeAscii, writeInt32, writePadded, writeUint32 } from './write-number.ts';

const scratch = shared;

/** Where the bits of a number are looked at. */
const bits: DataView = new DataView(new ArrayBuffer(8));

/** Closer to a boundary than this, rounding of our own could decide: the scaled values are 1 apart, and errors are below 2^-26. */
const doubtful = 1e-6;

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
  const size = Math.abs(value);
  if (size >= 1e-5 && size < 1e15) {
    if (value < 0) scratch.bytes[p] = 0x2d;
    const after = writeShortestDouble(size, value < 0 ? p + 1 : p);
    if (after >= 0) return after;
  }
  return writeAscii(Number.isFinite(value) ? String(value) : `"${value}"`, p);
}

const smallestNormal = 2 ** -126;

/** The shortest digits that read as the same float. */
export function writeFloat(value: number, p: number): number {
  if (value === (value | 0) || !Number.isFinite(value)) return writeDouble(value, p);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e9) {
    if (value < 0) scratch.bytes[p] = 0x2d;
    const after = writeShortestFloat(size, value < 0 ? p + 1 : p);
    if (after >= 0) return after;
  }
  // A decimal of six digits is one float at most, so without trailing zeros it is the shortest; denormals have fewer.
  for (let precision = size < smallestNormal ? 1 : 6; precision < 9; precision++) {
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

/** A double from 1e-5 up to 1e15 that is positive; -1 when it cannot be told here. At most 24 bytes. */
function writeShortestDouble(value: number, p: number): number {
  const whole = wholeDigits(value);
  const power = powersOfTen[17 - whole] as number;
  bits.setFloat64(0, value);
  const exponent = bits.getUint32(0) & 0x7ff00000;
  // Below a power of two the next double is only half as far.
  if (bits.getUint32(4) === 0 && (bits.getUint32(0) & 0xfffff) === 0) return -1;
  bits.setUint32(0, exponent - 0x03500000);
  bits.setUint32(4, 0);
  const reach = bits.getFloat64(0) * power;
  // The scaled value is `high + low` exactly, and `high` is an integer.
  const high = value * power;
  const low = productError(value, power, high);
  const top = Math.floor(high / 1e8);
  const rest = high - top * 1e8;
  for (let step = 100; step >= 1; step /= 10) {
    const rounded = Math.round((rest + low) / step) * step;
    const distance = Math.abs(rounded - rest - low);
    if (isDoubtful(distance, reach, step)) return -1;
    if (distance < reach) return top >= 1e9 || top < 1e8 ? -1 : writeParts(top, rounded, whole, p);
  }
  return -1;
}

/** The same for a float, from 1e-3 up to 1e9. */
function writeShortestFloat(value: number, p: number): number {
  const whole = wholeDigits(value);
  const power = powersOfTen[9 - whole] as number;
  bits.setFloat64(0, value);
  if ((bits.getUint32(0) & 0xfffff) === 0 && bits.getUint32(4) === 0) return -1;
  bits.setUint32(0, (bits.getUint32(0) & 0x7ff00000) - 0x01800000);
  bits.setUint32(4, 0);
  const reach = bits.getFloat64(0) * power;
  // 24 bits times a power of at most 26: exact.
  const scaled = value * power;
  for (let step = 1000; step >= 1; step /= 10) {
    const rounded = Math.round(scaled / step) * step;
    const distance = Math.abs(rounded - scaled);
    if (isDoubtful(distance, reach, step)) return -1;
    if (distance < reach) return rounded >= 1e9 || rounded < 1e8 ? -1 : placePoint(writeUint32(rounded, p), whole, p);
  }
  return -1;
}

function isDoubtful(distance: number, reach: number, step: number): boolean {
  return Math.abs(distance - reach) < doubtful || (distance < reach && Math.abs(distance - step / 2) < doubtful);
}

/** Digits before the point; zero and less count the zeros behind it. */
function wholeDigits(value: number): number {
  if (value < 1) return value >= 0.1 ? 0 : value >= 0.01 ? -1 : value >= 0.001 ? -2 : value >= 0.0001 ? -3 : -4;
  let count = 1;
  while (value >= (powersOfTen[count] as number)) count++;
  return count;
}

/** `top * 10^8 + rest`, of 17 digits, with the point behind the first `whole`. */
function writeParts(top: number, rest: number, whole: number, p: number): number {
  const isCarried = rest >= 1e8;
  const end = writePadded(isCarried ? rest - 1e8 : rest, 8, writeUint32(isCarried ? top + 1 : top, p));
  return placePoint(end, whole, p);
}

/** Puts the point among the digits from `p` to `end` and takes the zeros off their end. */
function placePoint(end: number, whole: number, p: number): number {
  const { bytes } = scratch;
  while (bytes[end - 1] === 0x30 && end - p > whole) end--;
  if (whole > 0) {
    if (end - p === whole) return end;
    for (let position = end; position > p + whole; position--) bytes[position] = bytes[position - 1] as number;
    bytes[p + whole] = 0x2e;
    return end + 1;
  }
  const moved = 2 - whole;
  for (let position = end - 1; position >= p; position--) bytes[position + moved] = bytes[position] as number;
  for (let position = p; position < p + moved; position++) bytes[position] = 0x30;
  bytes[p + 1] = 0x2e;
  return end + moved;
}
