/**
 * HPACK encoding (RFC 7541) of request headers, as gRPC calls have them: the same few fields again and again.
 *
 * What all calls of a method share goes into the dynamic table with the first of them and is an index of one byte from
 * then on. Nothing is ever evicted: when the table is full, the rest is sent as it is. So the block of a method changes
 * only while the table still grows, and is kept until then.
 */
import { knownEncodings } from '../../transcode/grpc-framing.ts';
import type { FrameCoding } from '../transport.ts';
import { entryBytes, staticCount, staticNameIndex } from './hpack-table.ts';
import { initial } from './protocol.ts';

export interface RequestHeaders {
  readonly path: string;
  /** `grpc-timeout` as it is sent. */
  readonly timeout: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** Undefined where messages are compressed and decompressed here. */
  readonly coding?: FrameCoding | undefined;
}

const timeoutName = 'grpc-timeout';
const acceptEncodingName = 'grpc-accept-encoding';
// Values that intermediaries must not put into their tables either (section 7.1.3).
const neverIndexed: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Encodes all header blocks of one connection, in their order. */
export class HpackEncoder {
  readonly #scheme: number;
  readonly #shared: readonly (readonly [name: string, value: string])[];
  readonly #blocks = new Map<string, { readonly bytes: Buffer; readonly inserted: number }>();
  /** Position of each entry, by name and value, and of each name, counted from the first inserted. */
  readonly #entries = new Map<string, number>();
  #inserted = 0;
  #tableBytes = 0;
  #maxTableBytes: number = initial.headerTableBytes;
  #sizeUpdates: number[] = [];
  #bytes: Buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  constructor(scheme: 'http' | 'https', authority: string, userAgent: string) {
    this.#scheme = scheme === 'http' ? 0x86 : 0x87;
    this.#shared = [
      [':authority', authority],
      ['te', 'trailers'],
      ['content-type', 'application/grpc'],
      ['user-agent', userAgent],
    ];
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. More room than the standard's is not used; for less the table starts anew. */
  limitTable(maxBytes: number): void {
    const limit = Math.min(maxBytes, initial.headerTableBytes);
    if (limit === this.#maxTableBytes) return;
    this.#maxTableBytes = limit;
    this.#sizeUpdates = [0, limit];
    this.#blocks.clear();
    this.#entries.clear();
    this.#inserted = 0;
    this.#tableBytes = 0;
  }

  /** The block of a request; good until the next call. */
  encode({ path, timeout, metadata, coding }: RequestHeaders): Buffer {
    this.#length = 0;
    for (const bytes of this.#sizeUpdates) this.#integer(0x20, 5, bytes);
    this.#sizeUpdates = [];
    // What a client lists is as likely as not what is listed here; other lists do not fill the table.
    const acceptsKnown = coding === undefined || coding.acceptEncoding === knownEncodings;
    this.#method(path, acceptsKnown);
    this.#timeout(timeout);
    if (!acceptsKnown) this.#optional(acceptEncodingName, coding.acceptEncoding);
    this.#optional('grpc-encoding', coding?.encoding);
    for (const [name, value] of metadata) {
      this.#literal(neverIndexed.has(name) ? 0x10 : 0, staticNameIndex.get(name) ?? 0, name, value);
    }
    return this.#bytes.subarray(0, this.#length);
  }

  #method(path: string, acceptsKnown: boolean): void {
    const key = acceptsKnown ? path : `${path} `;
    const known = this.#blocks.get(key);
    if (known !== undefined && known.inserted === this.#inserted) {
      this.#reserve(known.bytes.length);
      this.#bytes.set(known.bytes, this.#length);
      this.#length += known.bytes.length;
      return;
    }
    const start = this.#length;
    const inserted = this.#inserted;
    this.#integer(0x80, 7, 3); // :method POST
    this.#bytes[this.#length++] = this.#scheme;
    this.#field(':path', path);
    for (const [name, value] of this.#shared) this.#field(name, value);
    if (acceptsKnown) this.#field(acceptEncodingName, knownEncodings);
    if (inserted !== this.#inserted) return;
    this.#blocks.set(key, { bytes: Buffer.from(this.#bytes.subarray(start, this.#length)), inserted });
  }

  // The default timeout is that of nearly all calls; the first one that comes by is taken for it.
  #timeout(timeout: string): void {
    const named = this.#entries.get(timeoutName);
    const index = this.#entries.get(keyOf(timeoutName, timeout));
    if (named === undefined) this.#field(timeoutName, timeout);
    else if (index !== undefined) this.#integer(0x80, 7, this.#indexOf(index));
    else this.#literal(0, this.#indexOf(named), timeoutName, timeout);
  }

  #optional(name: string, value: string | undefined): void {
    if (value !== undefined) this.#literal(0, 0, name, value);
  }

  #field(name: string, value: string): void {
    const key = keyOf(name, value);
    const position = this.#entries.get(key);
    if (position !== undefined) {
      this.#integer(0x80, 7, this.#indexOf(position));
      return;
    }
    const isKept = this.#tableBytes + entryBytes(name, value) <= this.#maxTableBytes;
    this.#literal(isKept ? 0x40 : 0, staticNameIndex.get(name) ?? 0, name, value);
    if (!isKept) return;
    this.#entries.set(key, this.#inserted);
    if (!this.#entries.has(name)) this.#entries.set(name, this.#inserted);
    this.#inserted++;
    this.#tableBytes += entryBytes(name, value);
  }

  #indexOf(position: number): number {
    return staticCount + this.#inserted - position;
  }

  /** `kind` is the first byte's pattern: 0x40 with indexing, 0 without, 0x10 never. */
  #literal(kind: number, nameIndex: number, name: string, value: string): void {
    this.#integer(kind, kind === 0x40 ? 6 : 4, nameIndex);
    if (nameIndex === 0) this.#string(name);
    this.#string(value);
  }

  #string(text: string): void {
    this.#integer(0, 7, text.length);
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  #integer(kind: number, prefixBits: number, value: number): void {
    this.#reserve(8);
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      this.#bytes[this.#length++] = kind | value;
      return;
    }
    this.#bytes[this.#length++] = kind | mask;
    let rest = value - mask;
    for (; rest > 127; rest >>>= 7) this.#bytes[this.#length++] = (rest & 127) | 128;
    this.#bytes[this.#length++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe((this.#length + bytes) * 2);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function keyOf(name: string, value: string): string {
  return `${name}\n${value}`;
}
