/**
 * @module Wire bytes to JSON text: the loop that every reply runs through. It reads and writes the working buffer, driven by the plans of
 * write-plan.ts. It takes fields in any order, but each only once and the elements of a repeated field together; where the wire is
 * otherwise, it throws `disorder`, and merge-wire.ts puts the bytes in order for a second run.
 */
import { Fault } from '../wire/fault.ts';
import { grow, scratch as shared } from '../wire/scratch.ts';
import { readLength, readTag, skipGroup, skipValue } from '../wire/varint.ts';
import { closeKeys, type KeySet, openKeys } from './key-set.ts';
import {
  anyMessage,
  durationMessage,
  fieldMaskMessage,
  listValueMessage,
  opDouble,
  opGroup,
  plainMessage,
  timestampMessage,
  valueMessage,
  wrapperMessage,
} from './value-op.ts';
import { writeAscii } from './write-number.ts';
import { hidden, list, map, single, type WriterField, type WriterPlan, zeroText } from './write-plan.ts';
import { writeScalar } from './write-scalar.ts';
import { copyText, isTextAt, type Text, writeBase64, writeString } from './write-text.ts';
import { lastValue, writeFieldMask, writeTime } from './write-well-known.ts';

const scratch = shared;

/** Thrown when the wire gives a field twice, or a repeated one in pieces. */
export const disorder: unique symbol = Symbol('disorder');

/** What the types of one codec share while they write. */
export interface WriterContext {
  readonly maxDepth: number;
  readonly writesDefaults: boolean;
  readonly rejectsUnknownAny: boolean;
  /** The plan of an Any's type, if the schema has it. */
  anyPlan(typeUrl: string): WriterPlan | undefined;
}

let context: WriterContext;
/** Behind the last key or comma that was written: the text up to it names the place of a failure. */
export let reached = 0;
/** Bits of the fields seen, of all messages that are open, one behind the other. */
let seen = new Int32Array(1024);
let seenTop = 0;

/** Writes the JSON of the message at the front of the buffer at `p` and returns the position behind it. */
export function writeRoot(plan: WriterPlan, end: number, p: number, inContext: WriterContext): number {
  context = inContext;
  seenTop = 0;
  reached = p;
  return writeMessage(plan, 0, end, p, plan.depth);
}

function writeMessage(plan: WriterPlan, from: number, end: number, p: number, depth: number): number {
  if (plan.dense === null) plan.compile();
  if (plan.special !== plainMessage) return writeSpecial(plan, from, end, p, depth);
  scratch.bytes[p] = 0x7b;
  const after = writeFields(plan, from, end, p + 1, depth);
  return closeObject(p + 1, after);
}

/** The brace in the place of the last comma, or behind the opening brace. */
function closeObject(start: number, after: number): number {
  const end = after === start ? after + 1 : after;
  if (end > scratch.limit) grow(end);
  scratch.bytes[end - 1] = 0x7d;
  return end;
}

/** The members of an object, each with a comma behind it. */
function writeFields(plan: WriterPlan, from: number, end: number, p: number, depth: number): number {
  if (depth > context.maxDepth) throw new Fault(`nested more than ${context.maxDepth} deep`, from);
  const base = openSeen(plan.seenWords);
  const dense = plan.dense as readonly (WriterField | null)[];
  let position = from;
  let expected = plan.firstDefault;
  while (position < end) {
    let tag = scratch.bytes[position] as number;
    if (tag < 0x80 && tag > 7) position++;
    else {
      tag = readTag(position, end);
      position = scratch.at;
    }
    const field = tag < dense.length ? dense[tag] : plan.sparse.get(tag);
    if (field === undefined || field === null) {
      position = skipValue(tag, position, end);
      continue;
    }
    if (((seen[base + field.seenWord] as number) & field.seenBit) !== 0) throw disorder;
    if (context.writesDefaults) {
      p = writeDefaults(plan, expected, field.index, base, p);
      if (field.index >= expected) expected = field.index + 1;
    }
    const after = writeMember(field, tag, position, end, p, depth);
    position = scratch.at;
    if (after !== p || field.shape === hidden)
      seen[base + field.seenWord] = (seen[base + field.seenWord] as number) | field.seenBit;
    p = after;
  }
  if (context.writesDefaults) p = writeDefaults(plan, expected, plan.endOfDefaults, base, p);
  seenTop = base;
  return p;
}

/** Key, value and comma; `p` itself when there is nothing to write: a default without presence, the unknown number of a closed enum. */
function writeMember(field: WriterField, tag: number, from: number, end: number, p: number, depth: number): number {
  const { key, shape, zero } = field;
  if (p + key.length > scratch.limit) grow(p + key.length);
  const start = copyText(key, p);
  reached = start;
  let after: number;
  if (shape === single) after = writeValue(field, from, end, start, depth);
  else if (shape === list) after = writeList(field, tag, from, end, start, depth);
  else if (shape === map) after = writeMap(field, from, end, start, depth);
  else {
    scratch.at = skipValue(tag, from, end);
    return p;
  }
  if (after === start || (zero !== undefined && after - start === zero.length && isTextAt(zero, start))) return p;
  scratch.bytes[after] = 0x2c;
  return after + 1;
}

/** Room for the bits of one more message, all clear. */
function openSeen(count: number): number {
  const base = seenTop;
  seenTop += count;
  if (seenTop > seen.length) {
    const longer = new Int32Array(seenTop * 2);
    longer.set(seen);
    seen = longer;
  }
  for (let index = base; index < seenTop; index++) seen[index] = 0;
  return base;
}

/** The defaults of fields that the wire has left out so far, in place. One that still comes is then seen twice. */
function writeDefaults(plan: WriterPlan, from: number, to: number, base: number, p: number): number {
  for (let index = from; index < to; index++) {
    const field = plan.fields[index] as WriterField;
    const text = field.defaultText;
    if (text === undefined || ((seen[base + field.seenWord] as number) & field.seenBit) !== 0) continue;
    seen[base + field.seenWord] = (seen[base + field.seenWord] as number) | field.seenBit;
    if (p + field.key.length + text.length > scratch.limit) grow(p + field.key.length + text.length);
    p = copyText(text, copyText(field.key, p));
    scratch.bytes[p++] = 0x2c;
  }
  return p;
}

/** One value, see writeScalar. */
function writeValue(field: WriterField, from: number, end: number, p: number, depth: number): number {
  const { message } = field;
  if (message === undefined) return writeScalar(field, from, end, p);
  let start = from;
  let stop: number;
  let after: number;
  if (field.op === opGroup) {
    after = skipGroup(field.tag, from, end);
    stop = scratch.spanEnd;
  } else {
    stop = readLength(from, end);
    start = scratch.at;
    stop += start;
    after = stop;
  }
  p = writeMessage(message, start, stop, p, depth + 1);
  scratch.at = after;
  return p;
}

function writeList(field: WriterField, tag: number, from: number, end: number, p: number, depth: number): number {
  scratch.bytes[p] = 0x5b;
  const after = writeElements(field, tag, from, end, p + 1, depth);
  return closeCollection(0x5d, p, after);
}

/** The values of one repeated field as long as they follow each other, packed or not, each with a comma behind it. */
function writeElements(
  field: WriterField,
  firstTag: number,
  from: number,
  end: number,
  p: number,
  depth: number,
): number {
  let position = from;
  let tag = firstTag;
  for (;;) {
    let stop = end;
    if (tag === field.packedTag) {
      const length = readLength(position, end);
      position = scratch.at;
      stop = scratch.at + length;
    }
    if (tag !== field.packedTag || position < stop) {
      do {
        if (p > scratch.limit) grow(p);
        reached = p;
        const after = writeValue(field, position, stop, p, depth);
        position = scratch.at;
        if (after !== p) {
          scratch.bytes[after] = 0x2c;
          p = after + 1;
        }
      } while (tag === field.packedTag && position < stop);
    }
    if (position >= end) break;
    tag = readTag(position, end);
    if (tag !== field.tag && tag !== field.packedTag) break;
    position = scratch.at;
  }
  scratch.at = position;
  return p;
}

function writeMap(field: WriterField, from: number, end: number, p: number, depth: number): number {
  const keys = openKeys();
  scratch.bytes[p] = 0x7b;
  const after = writeEntries(field, keys, from, end, p + 1, depth);
  closeKeys();
  return closeCollection(0x7d, p, after);
}

/** The closing bracket in the place of the last comma. Without values, as an empty packed list, it is left out like an absent one. */
function closeCollection(bracket: number, start: number, after: number): number {
  if (after > start + 1) scratch.bytes[after - 1] = bracket;
  else if (!context.writesDefaults) return start;
  else scratch.bytes[after++] = bracket;
  return after;
}

/** The entries of one map as long as they follow each other, each with a comma behind it. */
function writeEntries(field: WriterField, keys: KeySet, from: number, end: number, p: number, depth: number): number {
  let position = from;
  for (;;) {
    const length = readLength(position, end);
    position = scratch.at;
    if (p > scratch.limit) grow(p);
    reached = p;
    p = writeEntry(field, keys, position, position + length, p, depth);
    position += length;
    if (position >= end || readTag(position, end) !== field.tag) break;
    position = scratch.at;
  }
  scratch.at = position;
  return p;
}

function writeEntry(field: WriterField, keys: KeySet, from: number, end: number, p: number, depth: number): number {
  const keyField = field.mapKey as WriterField;
  const valueField = field.mapValue as WriterField;
  let after = p;
  if (scratch.bytes[from] === keyField.tag && from < end) {
    // As all writers order it: the key, the value, and no more.
    const afterKey = writeMapKey(keyField, from + 1, end, p);
    const value = scratch.at;
    if (scratch.bytes[value] === valueField.tag && value < end) {
      after = writeEntryValue(valueField, value + 1, end, afterKey, depth);
      if (scratch.at === end) return closeEntry(keys, p, afterKey, after);
    }
  }
  const { key, value } = entryParts(keyField, valueField, from, end);
  const afterKey = writeMapKey(keyField, key, end, p);
  after = writeEntryValue(valueField, value, end, afterKey, depth);
  return closeEntry(keys, p, afterKey, after);
}

/** Where key and value of an entry in any order are, or -1. */
function entryParts(
  keyField: WriterField,
  valueField: WriterField,
  from: number,
  end: number,
): { key: number; value: number } {
  let key = -1;
  let value = -1;
  for (let position = from; position < end; ) {
    const tag = readTag(position, end);
    position = scratch.at;
    if (tag === keyField.tag) key = position;
    else if (tag === valueField.tag) {
      // Two values that are messages merge; of others the last one counts.
      if (value >= 0 && valueField.message !== undefined) throw disorder;
      value = position;
    }
    position = skipValue(tag, position, end);
  }
  return { key, value };
}

/** The colon and the value; the position of the colon when there is nothing to write. */
function writeEntryValue(field: WriterField, from: number, end: number, p: number, depth: number): number {
  if (p > scratch.limit) grow(p);
  scratch.bytes[p] = 0x3a;
  reached = p + 1;
  const after = from < 0 ? writeAbsent(field, p + 1, depth) : writeValue(field, from, end, p + 1, depth);
  return after === p + 1 ? p : after;
}

/** The comma, unless the entry is dropped for the unknown value of a closed enum. */
function closeEntry(keys: KeySet, key: number, afterKey: number, after: number): number {
  if (after === afterKey) return key;
  if (!keys.add(key, afterKey)) throw disorder;
  scratch.bytes[after] = 0x2c;
  return after + 1;
}

/** A map key as a JSON string; `from` is -1 where the entry has none. */
function writeMapKey(field: WriterField, from: number, end: number, p: number): number {
  // Strings and 64-bit numbers bring their quotes along.
  if (field.isQuoted) return from < 0 ? writeAbsent(field, p, 0) : writeScalar(field, from, end, p);
  scratch.bytes[p] = 0x22;
  const after = from < 0 ? writeAbsent(field, p + 1, 0) : writeScalar(field, from, end, p + 1);
  scratch.bytes[after] = 0x22;
  return after + 1;
}

/** What stands for a value that an entry or a wrapper leaves out. */
function writeAbsent(field: WriterField, p: number, depth: number): number {
  if (field.message !== undefined) return writeMessage(field.message, 0, 0, p, depth + 1);
  const text = zeroText(field) as Text;
  if (p + text.length > scratch.limit) grow(p + text.length);
  return copyText(text, p);
}

function writeSpecial(plan: WriterPlan, from: number, end: number, p: number, depth: number): number {
  switch (plan.special) {
    case timestampMessage:
    case durationMessage:
      return writeTime(plan, from, end, p);
    case wrapperMessage: {
      const value = lastValue(plan.inner, from, end);
      return value < 0 ? writeAbsent(plan.inner, p, depth) : writeValue(plan.inner, value, end, p, depth);
    }
    case fieldMaskMessage:
      return writeFieldMask(plan, from, end, p);
    case anyMessage:
      return writeAny(plan, from, end, p, depth);
    case valueMessage:
      return writeDynamic(plan, from, end, p, depth);
    default:
      return writeStructure(plan, from, end, p, depth);
  }
}

/** Struct and ListValue: the JSON of their only field, also where it is empty. */
function writeStructure(plan: WriterPlan, from: number, end: number, p: number, depth: number): number {
  if (depth > context.maxDepth) throw new Fault(`nested more than ${context.maxDepth} deep`, from);
  const field = plan.inner;
  const isList = plan.special === listValueMessage;
  const keys = openKeys();
  const start = p;
  scratch.bytes[p++] = isList ? 0x5b : 0x7b;
  for (let position = from; position < end; ) {
    const tag = readTag(position, end);
    position = scratch.at;
    if (tag !== field.tag) {
      position = skipValue(tag, position, end);
      continue;
    }
    p = isList
      ? writeElements(field, tag, position, end, p, depth)
      : writeEntries(field, keys, position, end, p, depth);
    position = scratch.at;
  }
  closeKeys();
  if (p === start + 1) p++;
  scratch.bytes[p - 1] = isList ? 0x5d : 0x7d;
  return p;
}

/** google.protobuf.Value: no level of its own, what it holds is. */
function writeDynamic(plan: WriterPlan, from: number, end: number, p: number, depth: number): number {
  const start = p;
  for (let position = from; position < end; ) {
    const tag = readTag(position, end);
    position = scratch.at;
    const field = plan.dense?.[tag];
    if (field === undefined || field === null) {
      position = skipValue(tag, position, end);
      continue;
    }
    if (p !== start) throw disorder;
    p = writeValue(field, position, end, p, depth - 1);
    position = scratch.at;
    if (field.op === opDouble && scratch.bytes[start] === 0x22)
      throw new Fault('a Value cannot hold NaN or an infinity', from);
  }
  if (p === start) throw new Fault('a Value holds none of its kinds', from);
  return p;
}

function writeAny(plan: WriterPlan, from: number, end: number, p: number, depth: number): number {
  const [urlField, valueField] = plan.fields as readonly [WriterField, WriterField];
  const urlAt = lastValue(urlField, from, end);
  const valueAt = lastValue(valueField, from, end);
  let valueFrom = end;
  let valueEnd = end;
  if (valueAt >= 0) {
    const length = readLength(valueAt, end);
    valueFrom = scratch.at;
    valueEnd = scratch.at + length;
  }
  const urlLength = urlAt < 0 ? 0 : readLength(urlAt, end);
  const typeUrl = scratch.bytes.toString('utf8', scratch.at, scratch.at + urlLength);
  if (urlLength === 0) {
    if (valueEnd > valueFrom) throw new Fault('an Any has a value but no type', from);
    return writeAscii('{}', p);
  }
  p = writeAscii('{"@type":', p);
  p = writeString(scratch.at, urlLength, p, true);
  scratch.bytes[p++] = 0x2c;
  const inner = context.anyPlan(typeUrl);
  if (inner === undefined) {
    if (context.rejectsUnknownAny)
      throw new Fault(`an Any holds ${JSON.stringify(typeUrl)}, which the schema does not have`, from);
    p = writeBase64(valueFrom, valueEnd - valueFrom, writeAscii('"value":', p)) + 1;
  } else if (inner.special === plainMessage) {
    if (inner.dense === null) inner.compile();
    p = writeFields(inner, valueFrom, valueEnd, p, depth + 1);
  } else p = writeMessage(inner, valueFrom, valueEnd, writeAscii('"value":', p), depth + 1) + 1;
  if (p > scratch.limit) grow(p);
  scratch.bytes[p - 1] = 0x7d;
  return p;
}
