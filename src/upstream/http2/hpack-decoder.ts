/**
 * HPACK decoding (RFC 7541) of the header blocks of one connection.
 */
import { DynamicTable, entryBytes, staticCount, staticNames, staticValues } from './hpack-table.ts';
import { huffmanDecode } from './huffman.ts';
import { ConnectionError, ErrorCode, initial } from './protocol.ts';

/** Names and values in turn, as they came. Latin-1, one character a byte. */
export type HeaderList = string[];

// Room for what a Huffman string of the largest block can become.
const scratchBytes = 4096;

/** Decodes all header blocks of one connection, in their order: each changes the table that the next one needs. */
export class HpackDecoder {
  readonly #maxListBytes: number;
  readonly #table = new DynamicTable(initial.headerTableBytes);
  #scratch = Buffer.allocUnsafe(scratchBytes);
  #block: Buffer = Buffer.alloc(0);
  #offset = 0;
  #end = 0;

  /** Lists of more than `maxListBytes` (names, values and 32 for each) are not given out. */
  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes;
  }

  /** The headers of one block, or undefined when they are too large. Throws COMPRESSION_ERROR. */
  decode(block: Buffer, start: number, end: number): HeaderList | undefined {
    this.#block = block;
    this.#offset = start;
    this.#end = end;
    const list: HeaderList = [];
    let listBytes = 0;
    while (this.#offset < end) {
      const first = block[this.#offset] as number;
      if ((first & 0xe0) === 0x20) {
        this.#resize(list.length > 0 || listBytes > 0);
        continue;
      }
      const isIndexed = first >= 0x80;
      const isAdded = (first & 0xc0) === 0x40;
      const index = this.#integer(isIndexed ? 7 : isAdded ? 6 : 4);
      if (isIndexed && index === 0) throw refused('index 0');
      const name = index === 0 ? this.#string() : this.#nameOf(index);
      const value = isIndexed ? this.#valueOf(index) : this.#string();
      if (isAdded) this.#table.add(name, value);
      listBytes += entryBytes(name, value);
      if (listBytes <= this.#maxListBytes) list.push(name, value);
    }
    this.#block = Buffer.alloc(0);
    return listBytes > this.#maxListBytes ? undefined : list;
  }

  #resize(hasBegun: boolean): void {
    if (hasBegun) throw refused('a table size after the first header');
    const maxBytes = this.#integer(5);
    if (maxBytes > initial.headerTableBytes) throw refused('a table larger than was allowed');
    this.#table.resize(maxBytes);
  }

  #nameOf(index: number): string {
    if (index <= staticCount) return staticNames[index - 1] as string;
    if (index - staticCount > this.#table.count) throw refused('an index that is not in the table');
    return this.#table.name(index - staticCount);
  }

  #valueOf(index: number): string {
    if (index <= staticCount) return staticValues[index - 1] as string;
    if (index - staticCount > this.#table.count) throw refused('an index that is not in the table');
    return this.#table.value(index - staticCount);
  }

  // Section 5.1. Nothing in HTTP/2 is larger than 2^28; a longer integer is an attack or a mistake.
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (this.#block[this.#offset++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#offset >= this.#end) throw refused('an integer that is cut short');
      const byte = this.#block[this.#offset++] as number;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw refused('an integer that is too large');
  }

  #string(): string {
    if (this.#offset >= this.#end) throw refused('a string that is cut short');
    const isHuffman = (this.#block[this.#offset] as number) >= 0x80;
    const length = this.#integer(7);
    const start = this.#offset;
    const end = start + length;
    if (end > this.#end) throw refused('a string that is cut short');
    this.#offset = end;
    if (!isHuffman) return this.#block.toString('latin1', start, end);
    // The shortest code has five bits.
    if (length * 2 > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(length * 2);
    return this.#scratch.toString('latin1', 0, huffmanDecode(this.#block, start, end, this.#scratch));
  }
}

function refused(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, `header block with ${what}`);
}
