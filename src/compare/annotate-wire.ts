/** Protobuf bytes with what each of them means, for the hex view: a tree of fields with their places. */
import type { FieldDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';

/** One field as it stands on the wire. */
export interface WireField {
  /** From the first byte of the tag to behind the last byte of the value, in the whole message. */
  readonly start: number;
  readonly end: number;
  /** Where the value begins behind tag and length. */
  readonly valueStart: number;
  readonly number: number;
  readonly wireType: 'varint' | 'fixed64' | 'length' | 'group' | 'fixed32';
  /** The field's name in the proto; undefined for one that the schema does not have. */
  readonly name: string | undefined;
  /** `int32`, `library.v1.Book`. */
  readonly type: string | undefined;
  /** The JSON path of the value, `books[2].title`. */
  readonly path: string;
  /** The value in words; a message has its fields instead. */
  readonly value: string | undefined;
  readonly fields: readonly WireField[];
}

const wireTypes = ['varint', 'fixed64', 'length', 'group', undefined, 'fixed32'] as const;
const MAX_DEPTH = 100;
const MAX_TEXT = 120;

/** The fields of a message in the order of its bytes. What cannot be read ends the list: the bytes behind it have no field. */
export function annotateWire(bytes: Uint8Array, type: MessageDescriptor, schema: Schema): readonly WireField[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return new Annotator(view, schema).message(0, view.length, type, '', 0);
}

class Annotator {
  readonly #bytes: Buffer;
  readonly #schema: Schema;

  constructor(bytes: Buffer, schema: Schema) {
    this.#bytes = bytes;
    this.#schema = schema;
  }

  message(start: number, end: number, type: MessageDescriptor, path: string, depth: number): readonly WireField[] {
    const found: WireField[] = [];
    const counts = new Map<number, number>();
    for (let at = start; at < end; ) {
      const field = depth < MAX_DEPTH ? this.#field(at, end, type, { path, depth, counts }) : undefined;
      if (field === undefined) break;
      found.push(field);
      at = field.end;
    }
    return found;
  }

  #field(at: number, limit: number, type: MessageDescriptor, place: Place): WireField | undefined {
    const tag = this.#varint(at, limit);
    if (tag === undefined) return undefined;
    const number = Number(tag.value >> 3n);
    const wireType = wireTypes[Number(tag.value & 7n)];
    const descriptor = type.fieldsByNumber.get(number) ?? this.#schema.extensionsOf(type).get(number);
    const index = place.counts.get(number) ?? 0;
    place.counts.set(number, index + 1);
    const extent = wireType && this.#extentOf(wireType, tag.end, limit);
    if (number === 0 || wireType === undefined || extent === undefined) return undefined;
    const path = pathOf(place.path, descriptor, number, index);
    return {
      start: at,
      end: extent.end,
      valueStart: extent.start,
      number,
      wireType,
      name: descriptor?.name,
      type: descriptor && typeName(descriptor),
      path,
      ...this.#valueOf(extent, wireType, descriptor, { path, depth: place.depth }),
    };
  }

  #valueOf(
    { start, end }: Extent,
    wireType: WireField['wireType'],
    field: FieldDescriptor | undefined,
    { path, depth }: Pick<Place, 'path' | 'depth'>,
  ): Pick<WireField, 'value' | 'fields'> {
    if (wireType === 'length' && field?.type.kind === 'message') {
      return { value: undefined, fields: this.message(start, end, field.type.message, path, depth + 1) };
    }
    return { value: this.#text(start, end, wireType, field), fields: [] };
  }

  #text(start: number, end: number, wireType: WireField['wireType'], field: FieldDescriptor | undefined): string {
    const bytes = this.#bytes.subarray(start, end);
    const { type } = field ?? {};
    if (wireType === 'varint') return this.#varintText(start, end, field);
    if (wireType === 'fixed32' || wireType === 'fixed64') return fixedText(bytes, type);
    if (wireType === 'group') return `group of ${bytes.length} bytes`;
    if (type?.kind === 'scalar' && type.scalar === 'string') return JSON.stringify(shortened(bytes.toString('utf8')));
    if (type === undefined || (type.kind === 'scalar' && type.scalar === 'bytes')) return `${bytes.length} bytes`;
    return `packed, ${bytes.length} bytes`;
  }

  #varintText(start: number, end: number, field: FieldDescriptor | undefined): string {
    const value = this.#varint(start, end)?.value ?? 0n;
    const { type } = field ?? {};
    if (type?.kind === 'enum') {
      const number = Number(BigInt.asIntN(32, value));
      return `${type.enum.valuesByNumber.get(number)?.name ?? 'unknown'} (${number})`;
    }
    if (type?.kind !== 'scalar') return String(value);
    if (type.scalar === 'bool') return String(value !== 0n);
    if (type.scalar.startsWith('sint')) return String((value >> 1n) ^ -(value & 1n));
    return String(type.scalar.startsWith('u') ? value : BigInt.asIntN(64, value));
  }

  #extentOf(wireType: WireField['wireType'], at: number, limit: number): Extent | undefined {
    if (wireType === 'length') {
      const length = this.#varint(at, limit);
      const end = length && length.end + Number(length.value);
      return length === undefined || end === undefined || end > limit ? undefined : { start: length.end, end };
    }
    const end =
      wireType === 'varint'
        ? this.#varint(at, limit)?.end
        : wireType === 'group'
          ? this.#groupEnd(at, limit)
          : at + (wireType === 'fixed32' ? 4 : 8);
    return end === undefined || end > limit ? undefined : { start: at, end };
  }

  /** Behind the end tag of a group that begins at `at`. */
  #groupEnd(at: number, limit: number): number | undefined {
    for (let next = at; next < limit; ) {
      const tag = this.#varint(next, limit);
      if (tag === undefined) return undefined;
      if ((tag.value & 7n) === 4n) return tag.end;
      const wireType = wireTypes[Number(tag.value & 7n)];
      const extent = wireType && this.#extentOf(wireType, tag.end, limit);
      if (extent === undefined) return undefined;
      next = extent.end;
    }
    return undefined;
  }

  #varint(at: number, limit: number): { readonly value: bigint; readonly end: number } | undefined {
    let value = 0n;
    for (let index = 0; index < 10 && at + index < limit; index++) {
      const byte = this.#bytes[at + index] as number;
      value |= BigInt(byte & 0x7f) << BigInt(index * 7);
      if (byte < 0x80) return { value, end: at + index + 1 };
    }
    return undefined;
  }
}

interface Place {
  readonly path: string;
  readonly depth: number;
  /** How often each field number has come in this message. */
  readonly counts: Map<number, number>;
}

interface Extent {
  readonly start: number;
  readonly end: number;
}

function pathOf(outer: string, field: FieldDescriptor | undefined, number: number, index: number): string {
  const name = field === undefined ? `#${number}` : field.jsonName;
  const own = field?.isRepeated ? `${name}[${index}]` : name;
  return outer === '' ? own : `${outer}.${own}`;
}

function typeName({ type, map }: FieldDescriptor): string {
  if (map !== undefined) return `map<${typeName(map.key)}, ${typeName(map.value)}>`;
  return type.kind === 'scalar' ? type.scalar : type.kind === 'enum' ? type.enum.fullName : type.message.fullName;
}

function fixedText(bytes: Buffer, type: FieldDescriptor['type'] | undefined): string {
  const scalar = type?.kind === 'scalar' ? type.scalar : undefined;
  if (bytes.length === 4) {
    if (scalar === 'float') return String(bytes.readFloatLE());
    return String(scalar === 'sfixed32' ? bytes.readInt32LE() : bytes.readUInt32LE());
  }
  if (scalar === 'double') return String(bytes.readDoubleLE());
  return String(scalar === 'sfixed64' ? bytes.readBigInt64LE() : bytes.readBigUInt64LE());
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
