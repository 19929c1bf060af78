/**
 * @module Text of path captures and query values to wire fragments that set one field. The same scalars as in a JSON body, without their
 * quotes; zeros are written too, so that a fragment overrides what stands before it in a message.
 */
import type { FieldDescriptor } from '../schema/descriptors.ts';
import { grow, load, scratch as shared, take } from '../wire/scratch.ts';
import { varint, writeVarint32, writeVarint64 } from '../wire/varint.ts';
import { CodecError } from './codec-error.ts';
import { parseInteger } from './read-number.ts';
import type { ReaderCompiler, ReaderField } from './read-plan.ts';
import { kindOf, putBase64, putNumberText } from './read-scalar.ts';
import { formOf, putWellKnownText } from './read-well-known.ts';
import {
  durationMessage,
  fieldMaskMessage,
  opBool,
  opBytes,
  opEnum,
  opString,
  timestampMessage,
  wrapperMessage,
} from './value-op.ts';
import { map, single } from './write-plan.ts';

const scratch = shared;

/** A reader of one field's text, inside of the messages that lead to it. See Codec.textReader. */
export function compileTextReader(
  compiler: ReaderCompiler,
  path: readonly FieldDescriptor[],
): (text: string) => Uint8Array {
  const { outer, leaf, name } = resolve(compiler, path);
  if (leaf.shape === map || !isText(leaf)) throw new CodecError(name, 'cannot be given as text');
  return (text) => nest(outer, fragmentOf(leaf, text, name));
}

/** A reader of one entry of a map. See Codec.mapTextReader. */
export function compileMapTextReader(
  compiler: ReaderCompiler,
  path: readonly FieldDescriptor[],
): (key: string, text: string) => Uint8Array {
  const { outer, leaf, name } = resolve(compiler, path);
  const { mapKey, mapValue } = leaf;
  if (mapKey === undefined || mapValue === undefined) throw new CodecError(name, 'is not a map');
  if (!isText(mapValue)) throw new CodecError(name, 'has values that cannot be given as text');
  const around = [...outer, leaf];
  return (key, text) => {
    const valueName = `${name}[${JSON.stringify(key)}]`;
    return nest(around, Buffer.concat([fragmentOf(mapKey, key, name), fragmentOf(mapValue, text, valueName)]));
  };
}

/** A reader of what one field holds, as wire bytes. See Codec.wireReader. */
export function compileWireReader(
  compiler: ReaderCompiler,
  path: readonly FieldDescriptor[],
): (value: Uint8Array) => Uint8Array {
  const { outer, leaf } = resolve(compiler, path);
  const around = [...outer, leaf];
  return (value) => nest(around, value);
}

interface Resolved {
  /** The messages around the leaf, outermost first. */
  readonly outer: readonly ReaderField[];
  readonly leaf: ReaderField;
  /** For messages. */
  readonly name: string;
}

function resolve(compiler: ReaderCompiler, path: readonly FieldDescriptor[]): Resolved {
  const name = path.map(({ jsonName }) => jsonName).join('.');
  const fields = path.map((descriptor) => compiler.fieldOf(descriptor));
  const leaf = fields.pop();
  if (leaf === undefined || fields.some((field) => field.shape !== single || field.message === undefined)) {
    throw new CodecError(name, 'is no path to a field');
  }
  return { outer: fields, leaf, name };
}

function isText({ message }: ReaderField): boolean {
  return message === undefined || textMessages.has(message.special);
}

const textMessages: ReadonlySet<number> = new Set([
  wrapperMessage,
  timestampMessage,
  durationMessage,
  fieldMaskMessage,
]);

/** Tag and value. A repeated field gets one element, never packed. */
function fragmentOf(field: ReaderField, text: string, name: string): Uint8Array {
  const { message } = field;
  if (message?.special === wrapperMessage) return nest([field], fragmentOf(message.inner, text, name));
  const bytes = Buffer.from(text, 'utf8');
  const start = load(bytes);
  const valueStart = message === undefined ? writeVarint32(field.valueTag, start) : start;
  const end =
    message === undefined
      ? putText(field, text, bytes.length, valueStart)
      : putWellKnownText(message, 0, bytes.length, start, true);
  if (end < 0)
    throw new CodecError(
      name,
      `${JSON.stringify(text)} is not ${message === undefined ? describe(field) : formOf(message)}`,
    );
  const fragment = take(start, end);
  return message === undefined ? fragment : nest([field], fragment);
}

/** The fragment inside of the messages that lead to it. */
function nest(outer: readonly ReaderField[], fragment: Uint8Array): Uint8Array {
  return outer.reduceRight((inner, { isGroup, valueTag }) => {
    const head: number[] = [...varint(valueTag), ...(isGroup ? [] : varint(inner.length))];
    return Buffer.concat([Uint8Array.from(head), inner, Uint8Array.from(isGroup ? varint(valueTag + 1) : [])]);
  }, fragment);
}

/** The value of the text that the front of the working buffer holds; -1 when it is none. */
function putText(field: ReaderField, text: string, end: number, p: number): number {
  switch (field.op) {
    case opString: {
      const start = writeVarint32(end, p);
      makeRoom(start + end);
      scratch.bytes.copyWithin(start, 0, end);
      return start + end;
    }
    case opBytes:
      makeRoom(p + end);
      return putBase64(0, end, p);
    case opBool:
      scratch.bytes[p] = text === 'true' ? 1 : 0;
      return text === 'true' || text === 'false' ? p + 1 : -1;
    case opEnum:
      return putEnumText(field, text, end, p);
    default:
      return putNumberText(field.op, 0, end, p);
  }
}

function makeRoom(end: number): void {
  if (end > scratch.limit) grow(end);
}

function describe({ op, enumNames }: ReaderField): string {
  return enumNames === undefined ? kindOf(op) : `a value of ${enumNames.descriptor.fullName}`;
}

function putEnumText(field: ReaderField, text: string, end: number, p: number): number {
  const names = field.enumNames as NonNullable<ReaderField['enumNames']>;
  let number = names.table.get(text) ?? names.anyCase?.get(text.toUpperCase());
  if (number === undefined) {
    if (!parseInteger(0, end, true, false)) return -1;
    number = scratch.low;
    if (names.descriptor.isClosed && !names.descriptor.valuesByNumber.has(number)) return -1;
  }
  return number < 0 ? writeVarint64(-1, number, p) : writeVarint32(number, p);
}
