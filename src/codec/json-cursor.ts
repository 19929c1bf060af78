/**
 * @module The place in the JSON text that is being read, and what all readers do there: white space, tokens, strings, skipping. The text
 * is at the front of the working buffer with zeros behind it, so no loop needs to ask for the end.
 */
import { Fault } from '../wire/fault.ts';
import { scratch as shared } from '../wire/scratch.ts';
import { firstUnplain, sequenceSize, unplain } from './write-text.ts';

const scratch = shared;

/** The first position from here on that is no white space. */
export function skipSpace(from: number): number {
  let position = from;
  for (;;) {
    const byte = scratch.bytes[position] as number;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return position;
    position++;
  }
}

export function fail(what: string, offset: number): never {
  throw new Fault(what, offset);
}

/** For messages: the JSON value at a position, shortened. */
export function excerpt(from: number): string {
  const rest = scratch.bytes.toString('utf8', from, from + 40).split('\0', 1)[0] ?? '';
  const token = /^(?:"(?:[^"\\]|\\.)*"?|[^\s,:{}[\]"]+)/.exec(rest)?.[0] ?? rest.slice(0, 1);
  if (token === '') return 'the end of the text';
  if (token === '{') return 'an object';
  if (token === '[') return 'an array';
  return token.length < 38 ? token : `${token.slice(0, 32)}…`;
}

/**
 * Decodes the string behind the quote before `from` to `p` and returns the position behind it; `scratch.at` is behind the closing
 * quote. The caller has made room for all of the text that is left.
 */
export function decodeString(from: number, p: number): number {
  const { bytes, view } = scratch;
  for (let position = from; ; position = scratch.at) {
    let word = view.getInt32(position, true);
    for (; unplain(word) === 0; word = view.getInt32(position, true)) {
      view.setInt32(p, word, true);
      position += 4;
      p += 4;
    }
    view.setInt32(p, word, true);
    const count = firstUnplain(unplain(word));
    position += count;
    p += count;
    const byte = bytes[position] as number;
    if (byte === 0x22) {
      scratch.at = position + 1;
      return p;
    }
    if (byte === 0x5c) p = decodeEscape(position, p);
    else if (byte >= 0x80) p = copyUtf8(position, p);
    else fail(byte === 0 ? 'a string is not ended' : 'a control character in a string', position);
  }
}

/** Copies well-formed sequences of two to four bytes as long as they follow each other. */
function copyUtf8(from: number, p: number): number {
  let position = from;
  do {
    const size = sequenceSize(position, Number.MAX_SAFE_INTEGER);
    if (size < 0) fail('the text is not UTF-8', position);
    scratch.view.setInt32(p, scratch.view.getInt32(position, true), true);
    position += size;
    p += size;
  } while ((scratch.bytes[position] as number) >= 0x80);
  scratch.at = position;
  return p;
}

/** What follows a backslash, for the escapes of one letter: " \ / b f n r t. */
const escapes: Uint8Array = new Uint8Array(256);
for (const [letter, byte] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'] as const) {
  escapes[(letter as string).charCodeAt(0)] = (byte as string).charCodeAt(0);
}

function decodeEscape(backslash: number, p: number): number {
  const letter = scratch.bytes[backslash + 1] as number;
  const byte = escapes[letter] as number;
  if (byte !== 0) {
    scratch.bytes[p] = byte;
    scratch.at = backslash + 2;
    return p + 1;
  }
  if (letter !== 0x75) fail('a string has an escape that JSON does not know', backslash);
  let code = hexFour(backslash);
  scratch.at = backslash + 6;
  if (code >= 0xd800 && code < 0xe000) {
    const second =
      code < 0xdc00 && scratch.bytes[scratch.at] === 0x5c && scratch.bytes[scratch.at + 1] === 0x75
        ? hexFour(scratch.at)
        : 0;
    if (second < 0xdc00 || second > 0xdfff) fail('a string has half of a surrogate pair', backslash);
    code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
    scratch.at += 6;
  }
  return putUtf8(code, p);
}

/** The four hexadecimal digits of a `\uXXXX` that begins at `backslash`. */
function hexFour(backslash: number): number {
  let code = 0;
  for (let position = backslash + 2; position < backslash + 6; position++) {
    const byte = scratch.bytes[position] as number;
    const lower = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) code = code * 16 + (byte - 0x30);
    else if (lower >= 0x61 && lower <= 0x66) code = code * 16 + (lower - 0x57);
    else fail('\\u is not followed by four hexadecimal digits', backslash);
  }
  return code;
}

function putUtf8(code: number, p: number): number {
  if (code < 0x80) {
    scratch.bytes[p] = code;
    return p + 1;
  }
  if (code < 0x800) scratch.bytes[p++] = 0xc0 | (code >> 6);
  else {
    if (code < 0x10000) scratch.bytes[p++] = 0xe0 | (code >> 12);
    else {
      scratch.bytes[p++] = 0xf0 | (code >> 18);
      scratch.bytes[p++] = 0x80 | ((code >> 12) & 63);
    }
    scratch.bytes[p++] = 0x80 | ((code >> 6) & 63);
  }
  scratch.bytes[p] = 0x80 | (code & 63);
  return p + 1;
}

/**
 * Finds the string behind the quote before `from`: `scratch.spanStart` to `scratch.spanEnd`. Only one with escapes is decoded, to `p`, where
 * the caller has made room and may overwrite it later.
 */
export function findString(from: number, p: number): void {
  const { view } = scratch;
  let position = from;
  let flags = unplain(view.getInt32(position, true));
  while (flags === 0) {
    position += 4;
    flags = unplain(view.getInt32(position, true));
  }
  position += firstUnplain(flags);
  if (scratch.bytes[position] === 0x22) {
    scratch.spanStart = from;
    scratch.spanEnd = position;
    scratch.at = position + 1;
    return;
  }
  scratch.spanEnd = decodeString(from, p);
  scratch.spanStart = p;
}

/** Passes over one value of any kind and checks that it is JSON. `p` is where strings may be decoded to. */
export function skipJson(from: number, p: number, depthLeft: number): void {
  switch (scratch.bytes[from]) {
    case 0x22:
      decodeString(from + 1, p);
      return;
    case 0x7b:
    case 0x5b:
      skipNested(from, p, depthLeft);
      return;
    case 0x74:
      expectLiteral(from, 'true');
      return;
    case 0x66:
      expectLiteral(from, 'false');
      return;
    case 0x6e:
      expectLiteral(from, 'null');
      return;
    default:
      scanNumber(from);
  }
}

function skipNested(from: number, p: number, depthLeft: number): void {
  if (depthLeft <= 0) fail('nested too deeply', from);
  const isObject = scratch.bytes[from] === 0x7b;
  const close = isObject ? 0x7d : 0x5d;
  let position = skipSpace(from + 1);
  if (scratch.bytes[position] === close) {
    scratch.at = position + 1;
    return;
  }
  for (;;) {
    if (isObject) {
      if (scratch.bytes[position] !== 0x22) fail(`${excerpt(position)} where a key is due`, position);
      decodeString(position + 1, p);
      position = expectColon(scratch.at);
    }
    skipJson(position, p, depthLeft - 1);
    position = skipSpace(scratch.at);
    const byte = scratch.bytes[position];
    if (byte === close) {
      scratch.at = position + 1;
      return;
    }
    if (byte !== 0x2c)
      fail(`${excerpt(position)} where a comma or the end of ${isObject ? 'an object' : 'an array'} is due`, position);
    position = skipSpace(position + 1);
  }
}

/** The position of the value behind the colon. */
export function expectColon(from: number): number {
  if (scratch.bytes[from] === 0x3a && (scratch.bytes[from + 1] as number) > 0x20) return from + 1;
  const position = skipSpace(from);
  if (scratch.bytes[position] !== 0x3a) fail(`${excerpt(position)} where a colon is due`, position);
  return skipSpace(position + 1);
}

/** The position of what follows the comma behind a value; -1 when it was the last one of its object or array. */
export function behindValue(close: number): number {
  let position = scratch.at;
  let byte = scratch.bytes[position];
  if (byte !== 0x2c && byte !== close) {
    position = skipSpace(position);
    byte = scratch.bytes[position];
  }
  if (byte === 0x2c) return (scratch.bytes[position + 1] as number) > 0x20 ? position + 1 : skipSpace(position + 1);
  if (byte !== close) fail(`${excerpt(position)} where a comma or ${close === 0x7d ? 'a }' : 'a ]'} is due`, position);
  scratch.at = position + 1;
  return -1;
}

export function expectLiteral(from: number, literal: string): void {
  for (let index = 0; index < literal.length; index++) {
    if (scratch.bytes[from + index] !== literal.charCodeAt(index)) fail(`${excerpt(from)} is not JSON`, from);
  }
  scratch.at = from + literal.length;
}

/** Passes over a number as JSON writes it; `scratch.at` is behind it. */
function scanNumber(from: number): void {
  if (!scanNumberText(from)) failNumber(from);
}

export function failNumber(from: number): never {
  return fail(scratch.bytes[from] === 0 ? 'the text ends where a value is due' : `${excerpt(from)} is not JSON`, from);
}

/** The same as a question: false when no number begins here. */
export function scanNumberText(from: number): boolean {
  let position = from;
  if (scratch.bytes[position] === 0x2d) position++;
  const first = position;
  position = skipDigits(position);
  if (position === first) return false;
  if (scratch.bytes[first] === 0x30 && position > first + 1) return false;
  scratch.isWhole = true;
  if (scratch.bytes[position] === 0x2e) {
    scratch.isWhole = false;
    const after = skipDigits(position + 1);
    if (after === position + 1) return false;
    position = after;
  }
  if (((scratch.bytes[position] as number) | 0x20) === 0x65) {
    scratch.isWhole = false;
    position++;
    if (scratch.bytes[position] === 0x2b || scratch.bytes[position] === 0x2d) position++;
    const after = skipDigits(position);
    if (after === position) return false;
    position = after;
  }
  scratch.at = position;
  return true;
}

function skipDigits(from: number): number {
  let position = from;
  while ((scratch.bytes[position] as number) >= 0x30 && (scratch.bytes[position] as number) <= 0x39) position++;
  return position;
}
