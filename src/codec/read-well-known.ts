/**
 * @module Timestamp, Duration and FieldMask from their JSON texts: the fields of the message, without tag and length of their own.
 */
import { grow, scratch as shared } from '../wire/scratch.ts';
import { writeVarint64 } from '../wire/varint.ts';
import { excerpt, fail } from './json-cursor.ts';
import type { ReaderPlan } from './read-plan.ts';
import { closeLength } from './read-scalar.ts';
import { durationMessage, timestampMessage } from './value-op.ts';
import { writeAscii } from './write-number.ts';
import { firstSecond, lastSecond, longestDuration } from './write-well-known.ts';

const scratch = shared;

/**
 * RFC 3339 with any offset, as timestamp.proto asks for; -1 for all else. With `isExplicit`, zeros are written too, so that the result
 * overrides what is before it in a message.
 */
function putTimestamp(start: number, end: number, p: number, isExplicit: boolean): number {
  if (
    end - start < 20 ||
    scratch.bytes[start + 4] !== 0x2d ||
    scratch.bytes[start + 7] !== 0x2d ||
    scratch.bytes[start + 10] !== 0x54
  )
    return -1;
  if (scratch.bytes[start + 13] !== 0x3a || scratch.bytes[start + 16] !== 0x3a) return -1;
  const year = twoDigits(start) * 100 + twoDigits(start + 2);
  const month = twoDigits(start + 5);
  const day = twoDigits(start + 8);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return -1;
  const time = clock(twoDigits(start + 11), twoDigits(start + 14)) + seconds60(start + 17);
  const zone = fractionEnd(start + 19, end);
  const offset = zone < 0 ? Number.NaN : zoneSeconds(zone, end);
  const seconds = dayNumber(year, month, day) * 86400 + time - offset;
  if (!(seconds >= firstSecond && seconds <= lastSecond)) return -1;
  return putTime(seconds, nanosOf(start + 19, zone), p, isExplicit);
}

/** NaN unless two digits are there: it makes all that is computed from it NaN, which no range takes. */
function twoDigits(position: number): number {
  const tens = (scratch.bytes[position] as number) - 48;
  const ones = (scratch.bytes[position + 1] as number) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function clock(hours: number, minutes: number): number {
  return hours <= 23 && minutes <= 59 ? hours * 3600 + minutes * 60 : Number.NaN;
}

function seconds60(position: number): number {
  const seconds = twoDigits(position);
  return seconds <= 59 ? seconds : Number.NaN;
}

/** The position behind a fraction of one to nine digits, `start` itself where there is none, -1 for a wrong one. */
function fractionEnd(start: number, end: number): number {
  if (scratch.bytes[start] !== 0x2e) return start;
  let position = start + 1;
  while (position < end && (scratch.bytes[position] as number) >= 0x30 && (scratch.bytes[position] as number) <= 0x39)
    position++;
  return position > start + 1 && position <= start + 10 ? position : -1;
}

/** `Z` or `+02:00`, which must be all that is left. */
function zoneSeconds(start: number, end: number): number {
  const sign = scratch.bytes[start];
  if (sign === 0x5a && end === start + 1) return 0;
  if ((sign !== 0x2b && sign !== 0x2d) || end !== start + 6 || scratch.bytes[start + 3] !== 0x3a) return Number.NaN;
  return (sign === 0x2d ? -1 : 1) * clock(twoDigits(start + 1), twoDigits(start + 4));
}

function nanosOf(start: number, end: number): number {
  let nanos = 0;
  for (let position = start + 1; position < start + 10; position++) {
    nanos = nanos * 10 + (position < end ? (scratch.bytes[position] as number) - 48 : 0);
  }
  return nanos;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Days from 1970-01-01. */
function dayNumber(year: number, month: number, day: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const era = Math.floor(fromMarch / 400);
  const yearOfEra = fromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

/** `1.5s`; -1 for all else. */
function putDuration(start: number, end: number, p: number, isExplicit: boolean): number {
  const sign = scratch.bytes[start] === 0x2d ? -1 : 1;
  const first = sign < 0 ? start + 1 : start;
  let seconds = 0;
  let position = first;
  for (; position < end; position++) {
    const digit = (scratch.bytes[position] as number) - 48;
    if (digit < 0 || digit > 9) break;
    seconds = seconds * 10 + digit;
  }
  const fraction = position;
  position = fractionEnd(fraction, end);
  if (fraction === first || position !== end - 1 || scratch.bytes[position] !== 0x73 || seconds > longestDuration)
    return -1;
  return putTime(sign * seconds, sign * nanosOf(fraction, position), p, isExplicit);
}

function putTime(seconds: number, nanos: number, p: number, isExplicit: boolean): number {
  if (seconds !== 0 || isExplicit) {
    scratch.bytes[p] = 0x08;
    const upper = Math.floor(seconds / 4294967296);
    p = writeVarint64(upper | 0, seconds | 0, p + 1);
  }
  if (nanos !== 0 || isExplicit) {
    scratch.bytes[p] = 0x10;
    p = writeVarint64(nanos < 0 ? -1 : 0, nanos | 0, p + 1);
  }
  return p;
}

/**
 * `fooBar,baz.quxQuux` as the paths foo_bar and baz.qux_quux; -1 when a path is empty or could not be written back. Underscores are
 * taken only where `takesSnakeCase` says so: in a query, where clients write either.
 */
function putFieldMask(text: string, p: number, takesSnakeCase: boolean): number {
  if (text === '') return p;
  if (!(takesSnakeCase ? snakePaths : camelPaths).test(text)) return -1;
  // A path of one letter takes three bytes, and a capital two.
  if (p + text.length * 3 > scratch.limit) grow(p + text.length * 3);
  for (const path of text.split(',')) {
    scratch.bytes[p] = 0x0a;
    const start = p + 2;
    const end = writeAscii(
      path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      start,
    );
    p = closeLength(start - 1, 1, end);
  }
  return p;
}

/** Non-empty paths of visible ASCII but for what would need an escape. */
const camelPaths = /^[!#-+\--[\]^`-~]+(?:,[!#-+\--[\]^`-~]+)*$/;
const snakePaths = /^[!#-+\--[\]-~]+(?:,[!#-+\--[\]-~]+)*$/;

/** A Timestamp, Duration or FieldMask from its text; -1 for a wrong one. `isText`: from a query or path, see textReader. */
export function putWellKnownText(plan: ReaderPlan, start: number, end: number, p: number, isText: boolean): number {
  switch (plan.special) {
    case timestampMessage:
      return putTimestamp(start, end, p, isText);
    case durationMessage:
      return putDuration(start, end, p, isText);
    default:
      return putFieldMask(scratch.bytes.toString('utf8', start, end), p, isText);
  }
}

/** Refuses the JSON value at `from`. */
export function failText(plan: ReaderPlan, from: number): never {
  return fail(`${excerpt(from)} is not ${formOf(plan)}`, from);
}

/** For messages: a well-known type and how it is written. */
export function formOf(plan: ReaderPlan): string {
  switch (plan.special) {
    case timestampMessage:
      return 'a Timestamp such as "2024-01-31T10:00:00Z"';
    case durationMessage:
      return 'a Duration such as "1.5s"';
    default:
      return 'a FieldMask such as "title,author.givenName"';
  }
}
