/**
 * The static table of HPACK (RFC 7541, appendix A) and the dynamic table of a decoder.
 */

// biome-ignore format: a table
const staticEntries: readonly (readonly [name: string, value: string])[] = [
  [':authority', ''], [':method', 'GET'], [':method', 'POST'], [':path', '/'], [':path', '/index.html'], [':scheme', 'http'],
  [':scheme', 'https'], [':status', '200'], [':status', '204'], [':status', '206'], [':status', '304'], [':status', '400'],
  [':status', '404'], [':status', '500'], ['accept-charset', ''], ['accept-encoding', 'gzip, deflate'], ['accept-language', ''],
  ['accept-ranges', ''], ['accept', ''], ['access-control-allow-origin', ''], ['age', ''], ['allow', ''], ['authorization', ''],
  ['cache-control', ''], ['content-disposition', ''], ['content-encoding', ''], ['content-language', ''], ['content-length', ''],
  ['content-location', ''], ['content-range', ''], ['content-type', ''], ['cookie', ''], ['date', ''], ['etag', ''], ['expect', ''],
  ['expires', ''], ['from', ''], ['host', ''], ['if-match', ''], ['if-modified-since', ''], ['if-none-match', ''], ['if-range', ''],
  ['if-unmodified-since', ''], ['last-modified', ''], ['link', ''], ['location', ''], ['max-forwards', ''],
  ['proxy-authenticate', ''], ['proxy-authorization', ''], ['range', ''], ['referer', ''], ['refresh', ''], ['retry-after', ''],
  ['server', ''], ['set-cookie', ''], ['strict-transport-security', ''], ['transfer-encoding', ''], ['user-agent', ''], ['vary', ''],
  ['via', ''], ['www-authenticate', ''],
];

export const staticCount: number = staticEntries.length;
export const staticNames: readonly string[] = staticEntries.map(([name]) => name);
export const staticValues: readonly string[] = staticEntries.map(([, value]) => value);

/** Index of a static name, from 1; the first of several. */
export const staticNameIndex: ReadonlyMap<string, number> = new Map(
  staticEntries.map(([name], index) => [name, index + 1] as const).reverse(),
);

/** What an entry counts for: its bytes and 32 (section 4.1). */
export function entryBytes(name: string, value: string): number {
  return name.length + value.length + 32;
}

/** A decoder's dynamic table. Index 1 is the newest entry. */
export class DynamicTable {
  #names: string[] = [];
  #values: string[] = [];
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#names.length;
  }

  name(index: number): string {
    return this.#names[this.#names.length - index] as string;
  }

  value(index: number): string {
    return this.#values[this.#values.length - index] as string;
  }

  /** An entry larger than the table empties it and is not kept (section 4.4). */
  add(name: string, value: string): void {
    const bytes = entryBytes(name, value);
    this.#evict(this.#maxBytes - bytes);
    if (bytes > this.#maxBytes) return;
    this.#names.push(name);
    this.#values.push(value);
    this.#bytes += bytes;
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict(maxBytes);
  }

  #evict(room: number): void {
    let oldest = 0;
    while (this.#bytes > room && oldest < this.#names.length) {
      this.#bytes -= entryBytes(this.#names[oldest] as string, this.#values[oldest] as string);
      oldest++;
    }
    if (oldest === 0) return;
    this.#names.splice(0, oldest);
    this.#values.splice(0, oldest);
  }
}
