/**
 * @module Keys of the maps that a conversion is inside of, to notice one given twice. Keys are compared as the bytes that were written
 * for them, so that two spellings of one key are the same.
 */
import { scratch as shared } from '../wire/scratch.ts';

const scratch = shared;

/** Up to so many keys are compared one by one; more are hashed. */
const linear = 8;
/** Of keys that are not chosen to collide, so many never stand in a row: the table is at most half full. */
const longestRow = 64;

/** The keys of one map, as places in the working buffer. */
class KeySet {
  #starts: Int32Array = new Int32Array(linear * 2);
  #ends: Int32Array = new Int32Array(linear * 2);
  /** Open addressing: index of a key plus one, or 0. Sized a power of two, at least twice the keys. */
  #table: Int32Array = new Int32Array(0);
  #count = 0;
  /** The keys as strings once many collide: the engine's hash of strings is slower, but harder to foresee. */
  #strings: Set<string> | undefined;

  clear(): void {
    this.#count = 0;
    this.#strings = undefined;
    // A set that grew large is not kept, and its table must not be swept for every small map after it.
    if (this.#table.length > 0) this.#table = new Int32Array(0);
    if (this.#starts.length > 1024) {
      this.#starts = new Int32Array(linear * 2);
      this.#ends = new Int32Array(linear * 2);
    }
  }

  /** False when the same bytes were added before. */
  add(start: number, end: number): boolean {
    const count = this.#count;
    if (this.#strings !== undefined) return this.#addString(start, end);
    if (count < linear) {
      for (let index = 0; index < count; index++) if (this.#same(index, start, end)) return false;
    } else if (!this.#hash(start, end)) return false;
    if (count === this.#starts.length) this.#grow();
    this.#starts[count] = start;
    this.#ends[count] = end;
    this.#count = count + 1;
    return true;
  }

  #same(index: number, start: number, end: number): boolean {
    const other = this.#starts[index] as number;
    const length = end - start;
    if ((this.#ends[index] as number) - other !== length) return false;
    for (let offset = 0; offset < length; offset++) {
      if (scratch.bytes[other + offset] !== scratch.bytes[start + offset]) return false;
    }
    return true;
  }

  #hash(start: number, end: number): boolean {
    if (this.#table.length < (this.#count + 1) * 2) this.#rebuild();
    const mask = this.#table.length - 1;
    let slot = hashOf(start, end) & mask;
    for (let row = 0; row < longestRow; row++) {
      const index = this.#table[slot] as number;
      if (index === 0) {
        this.#table[slot] = this.#count + 1;
        return true;
      }
      if (this.#same(index - 1, start, end)) return false;
      slot = (slot + 1) & mask;
    }
    this.#strings = new Set();
    for (let index = 0; index < this.#count; index++) {
      this.#addString(this.#starts[index] as number, this.#ends[index] as number);
    }
    return this.#addString(start, end);
  }

  #addString(start: number, end: number): boolean {
    const strings = this.#strings as Set<string>;
    const { size } = strings;
    return strings.add(scratch.bytes.toString('latin1', start, end)).size > size;
  }

  #rebuild(): void {
    let size = 64;
    while (size < (this.#count + 1) * 4) size *= 2;
    const table = new Int32Array(size);
    for (let index = 0; index < this.#count; index++) {
      let slot = hashOf(this.#starts[index] as number, this.#ends[index] as number) & (size - 1);
      while (table[slot] !== 0) slot = (slot + 1) & (size - 1);
      table[slot] = index + 1;
    }
    this.#table = table;
  }

  #grow(): void {
    const starts = new Int32Array(this.#starts.length * 2);
    const ends = new Int32Array(starts.length);
    starts.set(this.#starts);
    ends.set(this.#ends);
    this.#starts = starts;
    this.#ends = ends;
  }
}

// FNV-1a by words. The seed keeps nobody from making keys that collide (two words that differ in their upper bits alone cancel out).
const seed = (Math.random() * 0x7fffffff) | 0;

function hashOf(start: number, end: number): number {
  const { view } = scratch;
  let hash = seed;
  let position = start;
  for (; position + 4 <= end; position += 4) hash = Math.imul(hash ^ view.getInt32(position, true), 16777619);
  for (; position < end; position++) hash = Math.imul(hash ^ view.getUint8(position), 16777619);
  return (hash ^ (hash >>> 15)) >>> 0;
}

const open: KeySet[] = [];
let depth = 0;

/** The set for a map that begins. Sets are reused: give it back with `closeKeys`. */
export function openKeys(): KeySet {
  let keys = open[depth];
  if (keys === undefined) {
    keys = new KeySet();
    open.push(keys);
  }
  depth++;
  keys.clear();
  return keys;
}

export function closeKeys(): void {
  depth--;
}

/** Closes what a failed conversion left open. */
export function closeAllKeys(): void {
  depth = 0;
}

export type { KeySet };
