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

/**
 * The length-delimited fields of a message in wire order, as views. Fields of other wire types are passed over. Throws WireFormatError
 * when the bytes do not end with a whole field: then something appended to them would be swallowed.
 */
export function lengthDelimitedFields(wire: Uint8Array): readonly (readonly [fieldNumber: number, Uint8Array])[] {
  const found: (readonly [number, Uint8Array])[] = [];
  const open: number[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 10; shift++) {
      const byte = wire[at++];
      if (byte === undefined) throw new WireFormatError('a number is cut off');
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw new WireFormatError('a number has more than ten bytes');
  };
  while (at < wire.length) {
    const tag = varint();
    const fieldNumber = Math.floor(tag / 8);
    if (fieldNumber === 0 || fieldNumber > 0x1fffffff) throw new WireFormatError(`${fieldNumber} is no field number`);
    switch (tag % 8) {
      case 0:
        varint();
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        if (open.length === 0) found.push([fieldNumber, wire.subarray(at, at + length)]);
        at += length;
        break;
      }
      case 3:
        open.push(fieldNumber);
        break;
      case 4:
        if (open.pop() !== fieldNumber) throw new WireFormatError('a group ends that was not begun');
        break;
      case 5:
        at += 4;
        break;
      default:
        throw new WireFormatError(`${tag % 8} is no wire type`);
    }
    if (at > wire.length) throw new WireFormatError('a field is cut off');
  }
  if (open.length > 0) throw new WireFormatError('a group is not ended');
  return found;
}
