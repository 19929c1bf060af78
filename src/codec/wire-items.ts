/**
 * @module Wire bytes outside of the working buffer, looked at field by field: where each ends, and where large ones may be cut.
 */
import { type WireField, wireFieldAt } from '../wire/fragment.ts';
import { opString, wireTypeOf } from './value-op.ts';
import { list, map, type WriterField, type WriterPlan } from './write-plan.ts';

/** Wire bytes that are converted at a time: a multiple of 3, 4 and 8, so that cuts suit base64 and numbers of fixed size. */
const stretchBytes = 240 * 1024;

/** Thrown where a message cannot be converted in pieces: out of order, with groups. */
export const uncut: unique symbol = Symbol('uncut');

/** One or more fields on the wire: `value` is the first one's, `end` the last one's. */
export interface Item extends WireField {
  readonly from: number;
  /** Undefined for unknown fields. */
  readonly field: WriterField | undefined;
  /** Position behind the last of the message's fields, by number, that have come so far. */
  readonly reach: number;
}

/** One field. Throws `uncut` where it leaves its message, and for groups. */
function itemAt(plan: WriterPlan, wire: Uint8Array, from: number, limit: number): Item {
  const { tag, value, end } = wireFieldAt(wire, from);
  if (end > limit || (tag & 7) === 3 || (tag & 7) === 4) throw uncut;
  return { from, end, tag, field: plan.dense?.[tag] ?? plan.sparse.get(tag), value, reach: 0 };
}

/**
 * The fields of a message; the elements of a list or map that follow each other are one. Throws `uncut` for a field that comes twice, or
 * after its default was due.
 */
export function* fieldsIn(plan: WriterPlan, wire: Uint8Array, from: number, end: number): Generator<Item> {
  const claims = new Set<number>();
  let reach = 0;
  for (let position = from; position < end; ) {
    const item = itemAt(plan, wire, position, end);
    const { field } = item;
    position = item.end;
    if (field !== undefined) {
      const claim = field.seenWord * 32 + Math.clz32(field.seenBit);
      if (claims.has(claim) || (field.defaultText !== undefined && field.index < reach)) throw uncut;
      claims.add(claim);
      reach = Math.max(reach, field.index + 1);
      if (field.shape === list || field.shape === map) position = endOfRun(plan, wire, item, end);
    }
    yield { ...item, end: position, reach };
  }
}

function endOfRun(plan: WriterPlan, wire: Uint8Array, first: Item, end: number): number {
  let position = first.end;
  while (position < end) {
    const { field, end: next } = itemAt(plan, wire, position, end);
    if (field !== first.field) break;
    position = next;
  }
  return position;
}

/** The values of a list, packed ones together. */
export function* valuesIn(plan: WriterPlan, wire: Uint8Array, from: number, end: number): Generator<Item> {
  for (let position = from; position < end; ) {
    const item = itemAt(plan, wire, position, end);
    yield item;
    position = item.end;
  }
}

/** Items in stretches of `stretchBytes` or a little more, but those alone that are larger by themselves. */
export function* stretchesOf(items: Iterable<Item>): Generator<{ last: Item; from: number; isLarge: boolean }> {
  let from = -1;
  let last: Item | undefined;
  for (const item of items) {
    const isLarge = item.end - item.from > stretchBytes;
    if (last !== undefined && (isLarge || last.end - from > stretchBytes)) {
      yield { last, from, isLarge: false };
      last = undefined;
    }
    if (last === undefined) from = item.from;
    last = item;
    if (!isLarge) continue;
    yield { last, from, isLarge };
    last = undefined;
  }
  if (last !== undefined) yield { last, from, isLarge: false };
}

/** Where a packed list, text or bytes may be cut that began or was cut at `from`. */
export function cutAfter({ field, end }: Item, wire: Uint8Array, from: number): number {
  let cut = from + stretchBytes;
  if (cut >= end || field === undefined) return end;
  if (field.op === opString) {
    // Before a character. Where there is none in reach the text is invalid, and each byte for itself.
    for (let back = 0; back < 3 && ((wire[cut] as number) & 0xc0) === 0x80; back++) cut--;
  } else if (wireTypeOf(field.op) === 0) while (cut < end && (wire[cut - 1] as number) >= 0x80) cut++;
  return cut;
}
