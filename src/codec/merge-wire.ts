/**
 * @module The general path behind the writer's quick one: wire bytes in any legal order to the same message in plain order, each field
 * once. Rare, so it is written for clearness and copies freely.
 */

import { Fault } from '../wire/fault.ts';
import { load, scratch as shared } from '../wire/scratch.ts';
import { readLength, readTag, readVarint32, readVarint64, skipGroup, skipValue, varint } from '../wire/varint.ts';
import { anyMessage, isPackable, opBool, opEnum, opInt32, opSint32, opUint32, wireTypeOf } from './value-op.ts';
import type { WriterContext } from './write-message.ts';
import { list, map, type WriterField, type WriterPlan } from './write-plan.ts';

const scratch = shared;

/** A value as it was on the wire: without tag, and without length or end tag. */
interface RawValue {
  readonly tag: number;
  readonly bytes: Buffer;
}

/** A Struct takes three messages for each level of its JSON. */
const messagesPerLevel = 3;

/**
 * The same message with its fields in order of number: singular ones and oneofs as they were last, submessages merged, repeated fields
 * in one piece, map entries the last of their key; unknown fields left out.
 */
export function mergeWire(plan: WriterPlan, wire: Uint8Array, context: WriterContext, depth = 1): Uint8Array {
  if (depth > context.maxDepth * messagesPerLevel) throw new Fault(`nested more than ${context.maxDepth} deep`, 0);
  if (plan.dense === null) plan.compile();
  const found = valuesByField(plan, wire);
  if (plan.special === anyMessage) mergeAnyValue(plan, found, context, depth);
  const parts: Uint8Array[] = [];
  for (const field of plan.fields) {
    for (const value of settledValues(field, found.get(field) ?? [], context, depth)) parts.push(...encoded(value));
  }
  return Buffer.concat(parts);
}

/** What each field was given, without values that later ones replace. */
function valuesByField(plan: WriterPlan, wire: Uint8Array): Map<WriterField, RawValue[]> {
  const found = new Map<WriterField, RawValue[]>();
  for (const value of valuesOf(wire)) {
    const field = plan.dense?.[value.tag] ?? plan.sparse.get(value.tag);
    if (field === undefined || field === null || isUnknownEnum(field, value)) continue;
    const { oneof } = field.descriptor;
    if (oneof !== undefined) {
      for (const other of found.keys()) if (other !== field && other.descriptor.oneof === oneof) found.delete(other);
    }
    const before = found.get(field);
    if (before !== undefined && (field.shape !== 0 || field.message !== undefined)) before.push(value);
    else found.set(field, [value]);
  }
  return found;
}

function valuesOf(wire: Uint8Array): RawValue[] {
  load(wire);
  const values: RawValue[] = [];
  for (let position = 0; position < wire.length; ) {
    const tag = readTag(position, wire.length);
    let start = scratch.at;
    let end: number;
    if ((tag & 7) === 2) {
      end = readLength(start, wire.length);
      start = scratch.at;
      end += start;
      position = end;
    } else if ((tag & 7) === 3) {
      position = skipGroup(tag, start, wire.length);
      end = scratch.spanEnd;
    } else {
      position = skipValue(tag, start, wire.length);
      end = position;
    }
    values.push({ tag, bytes: Buffer.from(scratch.bytes.subarray(start, end)) });
  }
  return values;
}

/** The number of a closed enum that is not known, which makes its field an unknown one. Packed ones are sorted out by the writer. */
function isUnknownEnum(field: WriterField, { tag, bytes }: RawValue): boolean {
  if (field.op !== opEnum || field.enumTexts?.isClosed !== true || tag !== field.tag) return false;
  load(bytes);
  return !field.enumTexts.byNumber.has(readVarint32(0, bytes.length) | 0);
}

/** The values to write for one field, submessages merged and settled in turn. */
function settledValues(
  field: WriterField,
  values: RawValue[],
  context: WriterContext,
  depth: number,
): readonly RawValue[] {
  if (field.shape === map) return settledEntries(field, values, context, depth);
  const { message } = field;
  if (message === undefined || values.length === 0) return values;
  const settle = (bytes: Buffer): RawValue => ({
    tag: field.tag,
    bytes: Buffer.from(mergeWire(message, bytes, context, depth + 1)),
  });
  if (field.shape === list) return values.map(({ bytes }) => settle(bytes));
  return [settle(Buffer.concat(values.map(({ bytes }) => bytes)))];
}

function settledEntries(
  field: WriterField,
  values: RawValue[],
  context: WriterContext,
  depth: number,
): readonly RawValue[] {
  const keyField = field.mapKey as WriterField;
  const valueField = field.mapValue as WriterField;
  const entries = new Map<string, RawValue>();
  for (const { tag, bytes } of values) {
    const parts = valuesOf(bytes);
    const key = parts.findLast((part) => part.tag === keyField.tag);
    const given = parts.filter((part) => part.tag === valueField.tag);
    if (given.some((part) => isUnknownEnum(valueField, part))) continue;
    const inside =
      valueField.message === undefined ? given.slice(-1) : settledValues(valueField, given, context, depth + 1);
    entries.set(keyText(keyField, key), { tag, bytes: Buffer.concat([key ?? [], inside].flat().flatMap(encoded)) });
  }
  return [...entries.values()];
}

/** A text that is the same for two encodings of one key. */
function keyText({ op }: WriterField, key: RawValue | undefined): string {
  if (key === undefined) return wireTypeOf(op) === 0 ? '0' : '';
  if (wireTypeOf(op) !== 0)
    return /^\0*$/.test(key.bytes.toString('latin1')) && isPackable(op) ? '' : key.bytes.toString('latin1');
  load(key.bytes);
  readVarint64(0, key.bytes.length);
  if (op === opBool) return (scratch.low | scratch.high) === 0 ? '0' : '1';
  const isShort = op === opInt32 || op === opUint32 || op === opSint32;
  return isShort || scratch.high === 0 ? `${scratch.low}` : `${scratch.high}:${scratch.low}`;
}

/** An Any's value is in order only when the message inside of it is. */
function mergeAnyValue(
  plan: WriterPlan,
  found: Map<WriterField, RawValue[]>,
  context: WriterContext,
  depth: number,
): void {
  const [urlField, valueField] = plan.fields as readonly [WriterField, WriterField];
  const url = found.get(urlField)?.[0];
  const value = found.get(valueField)?.[0];
  const inner = url && context.anyPlan(url.bytes.toString('utf8'));
  if (inner === undefined || value === undefined) return;
  const bytes = Buffer.from(mergeWire(inner, value.bytes, context, depth + 1));
  found.set(valueField, [{ tag: value.tag, bytes }]);
}

function encoded({ tag, bytes }: RawValue): readonly Uint8Array[] {
  const head = [...varint(tag)];
  if ((tag & 7) === 2) head.push(...varint(bytes.length));
  const parts = [Uint8Array.from(head), bytes];
  if ((tag & 7) === 3) parts.push(Uint8Array.from(varint(tag + 1)));
  return parts;
}
