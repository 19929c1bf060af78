/**
 * @module Names of fields and enum values, found by their bytes in the JSON text.
 */

import { scratch as shared } from '../wire/scratch.ts';
import { decodeString } from './json-cursor.ts';
import { isTextAt, type Text, textOf } from './write-text.ts';

const scratch = shared;

interface Entry<Value> {
  readonly text: Text;
  readonly value: Value;
}

/** An immutable map from names to values. A lookup makes no string unless the name in the text has escapes or is not ASCII. */
export class NameTable<Value> {
  readonly #byName: ReadonlyMap<string, Value>;
  readonly #slots: readonly (Entry<Value> | undefined)[];
  readonly #mask: number;

  constructor(names: Iterable<readonly [string, Value]>) {
    this.#byName = new Map(names);
    let size = 4;
    while (size < this.#byName.size * 2) size *= 2;
    const slots: (Entry<Value> | undefined)[] = [];
    for (let slot = 0; slot < size; slot++) slots.push(undefined);
    for (const [name, value] of this.#byName) {
      let slot = hashOfName(name) & (size - 1);
      while (slots[slot] !== undefined) slot = (slot + 1) & (size - 1);
      slots[slot] = { text: textOf(`${name}"`), value };
    }
    this.#slots = slots;
    this.#mask = size - 1;
  }

  /** The value of the name that begins at `from`, behind its quote; moves behind its closing quote. `p`: see decodeString. */
  find(from: number, p: number): Value | undefined {
    let hash = 0;
    let position = from;
    for (;;) {
      const byte = scratch.bytes[position] as number;
      if (byte === 0x22) break;
      if (byte < 0x20 || byte >= 0x80 || byte === 0x5c) {
        const end = decodeString(from, p);
        return this.#byName.get(scratch.bytes.toString('utf8', p, end));
      }
      hash = (Math.imul(hash, 31) + byte) | 0;
      position++;
    }
    scratch.at = position + 1;
    const length = position + 1 - from;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#slots[slot];
      if (entry === undefined) return undefined;
      if (entry.text.length === length && isTextAt(entry.text, from)) return entry.value;
    }
  }

  get(name: string): Value | undefined {
    return this.#byName.get(name);
  }
}

function hashOfName(name: string): number {
  let hash = 0;
  for (const byte of Buffer.from(name, 'utf8')) hash = (Math.imul(hash, 31) + byte) | 0;
  return hash;
}
