/**
 * @module Fragments of encoded messages: single length-delimited fields built and found without a schema. Concatenated fragments merge
 * (https://protobuf.dev/programming-guides/encoding/#last-one-wins), so a message may be put together from them.
 */

/** The bytes are not a sequence of well-formed fields. */
export class WireFormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireFormatError';
  }
}

/** Concatenates; one fragment is given back as it is. */
export function concatFragments(fragments: readonly Uint8Array[]): Uint8Array {
  const [first] = fragments;
  if (first !== undefined && fragments.length === 1) return first;
  return Buffer.concat(fragments);
}

/** A length-delimited field: tag, length, and the parts behind each other. */
export function lengthDelimited(fieldNumber: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head: number[] = [];
  pushVarint(head, fieldNumber * 8 + 2);
  pushVarint(head, length);
  return Buffer.concat([Uint8Array.from(head), ...parts]);
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

/** One field where it stands on the wire. Of a group these are its tags, each for itself. */
export interface WireField {
  readonly tag: number;
  /** Where its value begins, behind a length. */
  readonly value: number;
  readonly end: number;
}

/** The field at `from`. Throws WireFormatError when it is none, or not all of it is there. */
export function wireFieldAt(wire: Uint8Array, from: number): WireField {
  const tag = varintAt(wire, from);
  const fieldNumber = Math.floor(tag / 8);
  if (fieldNumber === 0 || fieldNumber > 0x1fffffff) throw new WireFormatError(`${fieldNumber} is no field number`);
  const length = tag % 8 === 2 ? varintAt(wire, at) : 0;
  const value = at;
  const end = tag % 8 === 2 ? value + length : endOfValue(wire, tag % 8, value);
  if (end > wire.length) throw new WireFormatError('a field is cut off');
  return { tag, value, end };
}

function endOfValue(wire: Uint8Array, wireType: number, from: number): number {
  switch (wireType) {
    case 0:
      varintAt(wire, from);
      return at;
    case 1:
      return from + 8;
    case 3:
    case 4:
      return from;
    case 5:
      return from + 4;
    default:
      throw new WireFormatError(`${wireType} is no wire type`);
  }
}

/** Behind the number that was read last. */
let at = 0;

function varintAt(wire: Uint8Array, from: number): number {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = wire[from + index];
    if (byte === undefined) throw new WireFormatError('a number is cut off');
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    at = from + index + 1;
    return value;
  }
  throw new WireFormatError('a number has more than ten bytes');
}

/**
 * The length-delimited fields of a message in wire order, as views. Fields of other wire types are passed over. Throws WireFormatError
 * when the bytes do not end with a whole field: then something appended to them would be swallowed.
 */
export function lengthDelimitedFields(wire: Uint8Array): readonly (readonly [fieldNumber: number, Uint8Array])[] {
  const found: (readonly [number, Uint8Array])[] = [];
  const open: number[] = [];
  for (let position = 0; position < wire.length; ) {
    const { tag, value, end } = wireFieldAt(wire, position);
    const fieldNumber = Math.floor(tag / 8);
    if (tag % 8 === 2 && open.length === 0) found.push([fieldNumber, wire.subarray(value, end)]);
    else if (tag % 8 === 3) open.push(fieldNumber);
    else if (tag % 8 === 4 && open.pop() !== fieldNumber) throw new WireFormatError('a group ends that was not begun');
    position = end;
  }
  if (open.length > 0) throw new WireFormatError('a group is not ended');
  return found;
}
