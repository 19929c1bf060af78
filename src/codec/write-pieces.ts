/**
 * @module The JSON of a large message in pieces. The wire is cut into windows between its top-level fields, and each is converted as if it
 * were the message; what lies between two windows is a comma. Only messages in plain order are cut: the rest is left to the whole path.
 */
import { list, map, opensWithKey, type WriterField, type WriterPlan } from './write-plan.ts';

/** Wire bytes of a window, unless one field takes more. */
const windowBytes = 256 * 1024;

/** A stretch of top-level fields. */
export interface Window {
  readonly from: number;
  readonly to: number;
  /** The list that the window before began, or undefined. */
  readonly continued: WriterField | undefined;
  /** Whether its last list goes on in the next one. */
  readonly isOpen: boolean;
}

/** The windows of a message; undefined where they cannot be converted one by one: malformed, out of order, with groups. */
export function windowsOf(plan: WriterPlan, wire: Uint8Array): readonly Window[] | undefined {
  if (plan.dense === null) plan.compile();
  const windows: Window[] = [];
  const seen = new Set<number>();
  let from = 0;
  let continued: WriterField | undefined;
  let last: WriterField | undefined;
  for (let position = 0; position < wire.length; ) {
    const tag = varintAt(wire, position);
    const next = tag === undefined ? undefined : fieldEnd(wire, tag);
    if (tag === undefined || next === undefined) return undefined;
    const field = plan.dense?.[tag.value] ?? plan.sparse.get(tag.value);
    const isSame = field !== undefined && field === last && (field.shape === list || field.shape === map);
    if (field !== undefined && !isSame) {
      const claim = field.seenWord * 32 + Math.clz32(field.seenBit);
      if (seen.has(claim)) return undefined;
      seen.add(claim);
    }
    if (position - from >= windowBytes && isCuttable(isSame, field)) {
      const open = isSame ? field : undefined;
      windows.push({ from, to: position, continued, isOpen: open !== undefined });
      from = position;
      continued = open;
    }
    last = field;
    position = next;
  }
  windows.push({ from, to: wire.length, continued, isOpen: false });
  return windows;
}

/** Between two fields, and in lists whose every value has text. The keys of a map are compared with each other, so it stays whole. */
function isCuttable(isSame: boolean, field: WriterField | undefined): boolean {
  return field !== undefined && (!isSame || (field.shape === list && opensWithKey(field)));
}

interface Varint {
  readonly value: number;
  readonly end: number;
}

/** A tag or a length; undefined where it is none. */
function varintAt(wire: Uint8Array, from: number): Varint | undefined {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = wire[from + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: from + index + 1 };
  }
  return undefined;
}

/** Behind the value of a tag; undefined for groups and what is cut off. */
function fieldEnd(wire: Uint8Array, { value: tag, end: from }: Varint): number | undefined {
  const end = valueEnd(wire, tag & 7, from);
  return end !== undefined && end <= wire.length ? end : undefined;
}

function valueEnd(wire: Uint8Array, wireType: number, from: number): number | undefined {
  switch (wireType) {
    case 0: {
      let end = from;
      while ((wire[end] ?? 0) >= 0x80) end++;
      return end + 1;
    }
    case 1:
      return from + 8;
    case 2: {
      const length = varintAt(wire, from);
      return length && length.end + length.value;
    }
    case 5:
      return from + 4;
    default:
      return undefined;
  }
}
