/**
 * @module A stream of JSON values, cut into the values: the elements of one array, or values one behind the other (NDJSON among them).
 * Looks at the bytes alone and holds no more than one value; whether a value is valid JSON is its reader's business.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

export interface SplitOptions {
  /** Bytes of the longest value that is taken; a longer one is 413. */
  readonly maxBytes: number;
  /** NDJSON: an array is one value like any other, never the list of them. */
  readonly isLines: boolean;
}

/**
 * Between values: at the `start` of the stream, at the `open` bracket of the array, `before` a value that must come or, without an
 * array, may, `after` one of the array, behind the array that is `closed`. Within one: `plain` is a number or word, ended by what
 * follows it; `bounded` ends with its own last byte.
 */
type Place = 'start' | 'open' | 'before' | 'after' | 'closed' | 'plain' | 'bounded';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Takes the bytes as they come, in pieces of any size, and gives the values that end in them. Errors are StatusErrors that name the
 * value by its number, from 0, and the offset in the stream.
 */
export class JsonSplitter {
  readonly #options: SplitOptions;
  #place: Place = 'start';
  #isArray = false;
  // Of a bounded value, so far.
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  /** What earlier chunks held of the value. */
  #parts: Uint8Array[] = [];
  #length = 0;
  #count = 0;
  /** Of the current chunk's first byte. */
  #offset = 0;

  constructor(options: SplitOptions) {
    this.#options = options;
  }

  /** The values that end in this chunk. Those that lie in it are views of it: to be used before the next. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const values: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (!this.#isInValue()) {
        at = this.#findValue(chunk, at);
        continue;
      }
      const end = this.#place === 'plain' ? endOfPlain(chunk, at) : this.#endOfBounded(chunk, at);
      // What is kept for the next chunk is copied: the socket may use its memory again.
      this.#keep(end === undefined ? Uint8Array.from(chunk.subarray(at)) : chunk.subarray(at, end));
      if (end !== undefined) values.push(this.#take());
      at = end ?? chunk.length;
    }
    this.#offset += chunk.length;
    return values;
  }

  /** The value that only the end of the stream ends, if there is one. Throws when the stream ends too early. */
  end(): readonly Uint8Array[] {
    if (this.#place === 'plain' && !this.#isArray) return [this.#take()];
    if (this.#isInValue()) throw this.#error(this.#offset, 'the body ends within it');
    if (this.#isArray && this.#place !== 'closed') throw this.#error(this.#offset, 'the body ends without "]"');
    return [];
  }

  #isInValue(): boolean {
    return this.#place === 'plain' || this.#place === 'bounded';
  }

  /** Past white space and separators, to the first byte of a value or the end of the chunk. */
  #findValue(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (isSpace(byte)) continue;
      const next = this.#placeAfter(byte);
      if (next === undefined) {
        throw this.#error(this.#offset + at, `unexpected ${JSON.stringify(String.fromCharCode(byte))}`);
      }
      this.#place = next;
      if (this.#isInValue()) return at;
    }
    return chunk.length;
  }

  /** Where a byte between values leads; undefined where it has no place. */
  #placeAfter(byte: number): Place | undefined {
    switch (this.#place) {
      case 'start':
        if (byte !== OPEN_ARRAY || this.#options.isLines) return placeOfValue(byte);
        this.#isArray = true;
        return 'open';
      case 'open':
        return byte === CLOSE_ARRAY ? 'closed' : placeOfValue(byte);
      case 'after':
        return byte === COMMA ? 'before' : byte === CLOSE_ARRAY ? 'closed' : undefined;
      case 'closed':
        return undefined;
      default:
        return placeOfValue(byte);
    }
  }

  /** Where a value ends that closes itself, exclusive; undefined when the chunk ends first. */
  #endOfBounded(chunk: Uint8Array, from: number): number | undefined {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#isInText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInText = false;
      } else if (byte === QUOTE) {
        this.#isInText = true;
      } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        this.#depth++;
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
        this.#depth--;
      }
      if (this.#depth === 0 && !this.#isInText) return at + 1;
    }
    return undefined;
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.#options.maxBytes) {
      const message = `message ${this.#count} of the body is larger than ${this.#options.maxBytes} bytes`;
      throw new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { httpStatus: 413 });
    }
    this.#parts.push(part);
  }

  #take(): Uint8Array {
    const [first] = this.#parts;
    const value = first !== undefined && this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#count++;
    this.#place = this.#isArray ? 'after' : 'before';
    return value;
  }

  #error(offset: number, what: string): StatusError {
    return StatusError.invalidField(`[${this.#count}]`, `${what} (offset ${offset} of the body)`);
  }
}

function placeOfValue(byte: number): Place | undefined {
  if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) return undefined;
  return byte === QUOTE || byte === OPEN_ARRAY || byte === OPEN_OBJECT ? 'bounded' : 'plain';
}

function endOfPlain(chunk: Uint8Array, from: number): number | undefined {
  for (let at = from; at < chunk.length; at++) {
    const byte = chunk[at] ?? 0;
    if (isSpace(byte) || byte === COMMA || byte === CLOSE_ARRAY) return at;
  }
  return undefined;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
