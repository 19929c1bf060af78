/**
 * @module JSON text to wire bytes: the loop that every request body runs through. One pass over the text, driven by the plans of
 * read-plan.ts; lengths are kept free and filled in behind.
 */
import { grow, scratch as shared } from '../wire/scratch.ts';
import {
  behindValue,
  excerpt,
  expectColon,
  expectLiteral,
  fail,
  failNumber,
  findString,
  skipJson,
  skipSpace,
} from './json-cursor.ts';
import { closeKeys, type KeySet, openKeys } from './key-set.ts';
import { NameTable } from './name-table.ts';
import { doubleAt } from './read-number.ts';
import type { ReaderField, ReaderPlan } from './read-plan.ts';
import { closeLength, readEnum, readMapKey, readScalar, readString, setDouble } from './read-scalar.ts';
import { failText, putWellKnownText } from './read-well-known.ts';
import {
  anyMessage,
  isEmptyMessage,
  listValueMessage,
  opBool,
  opDouble,
  opEnum,
  opFixed32,
  opFixed64,
  opFloat,
  opGroup,
  opMessage,
  opSfixed32,
  opSfixed64,
  opString,
  plainMessage,
  structMessage,
  valueMessage,
  wrapperMessage,
} from './value-op.ts';
import { list, single } from './write-plan.ts';
import { isTextAt } from './write-text.ts';

const scratch = shared;

/** What the types of one codec share while they read. */
export interface ReaderContext {
  readonly maxDepth: number;
  readonly ignoresUnknown: boolean;
  /** The plan of an Any's type, if the schema has it. */
  anyPlan(typeUrl: string): ReaderPlan | undefined;
}

let context: ReaderContext;
/** Where the JSON text ends. */
let inputEnd = 0;
/** Bits of the fields and oneofs seen, of all messages that are open, one behind the other. */
let seen = new Int32Array(1024);
let seenTop = 0;

/** Reads the whole text as a message and returns the position behind its wire bytes. */
export function readRoot(plan: ReaderPlan, end: number, p: number, inContext: ReaderContext): number {
  begin(end, inContext);
  const after = readMessage(plan, skipSpace(0), p, 1);
  expectEnd();
  return after;
}

/** Reads the whole text as the value of one field, tags included. */
export function readRootField(field: ReaderField, end: number, p: number, inContext: ReaderContext): number {
  begin(end, inContext);
  const after = readField(field, skipSpace(0), p, 1);
  expectEnd();
  return after;
}

function begin(end: number, inContext: ReaderContext): void {
  context = inContext;
  inputEnd = end;
  seenTop = 0;
}

function expectEnd(): void {
  const position = skipSpace(scratch.at);
  if (position < inputEnd) fail(`${excerpt(position)} behind the value`, position);
}

/** Room for what the text from here on can become, its strings above all; numbers live in the margin. */
function makeRoom(from: number, p: number): void {
  if (p + inputEnd - from > scratch.limit) grow(p + inputEnd - from);
}

/** The fields of a message from its JSON, without tag and length. */
function readMessage(plan: ReaderPlan, from: number, p: number, depth: number): number {
  if (plan.names === null) plan.compile();
  if (plan.special !== plainMessage) return readSpecial(plan, from, p, depth);
  if (scratch.bytes[from] !== 0x7b)
    return fail(`${excerpt(from)} is not an object (${plan.descriptor.fullName})`, from);
  return readMembers(plan, from, p, depth, false);
}

/** The members of the object at `from`. Those of an Any have its `@type` among them. */
function readMembers(plan: ReaderPlan, from: number, p: number, depth: number, isAny: boolean): number {
  if (depth > context.maxDepth) fail(`nested more than ${context.maxDepth} deep`, from);
  const base = openSeen(plan.seenWords);
  const { fields } = plan;
  let hasType = false;
  let guess = 0;
  let position = skipSpace(from + 1);
  if (scratch.bytes[position] === 0x7d) {
    scratch.at = position + 1;
    seenTop = base;
    return p;
  }
  for (;;) {
    if (scratch.bytes[position] !== 0x22) fail(`${excerpt(position)} where a key is due`, position);
    makeRoom(position, p);
    const key = position + 1;
    let field = guess < fields.length ? fields[guess] : undefined;
    if (field !== undefined && isTextAt(field.key, key)) position = key + field.key.length;
    else {
      field = (plan.names as NameTable<ReaderField>).find(key, p);
      position = scratch.at;
    }
    position = expectColon(position);
    if (field !== undefined) {
      guess = field.index + 1;
      p = readMember(field, base, position, p, depth);
    } else if (isAny && isTypeKey(key, p)) {
      if (hasType) fail('"@type" is given twice', position);
      hasType = true;
      skipJson(position, p, context.maxDepth - depth);
    } else {
      if (!context.ignoresUnknown) fail(`${plan.descriptor.fullName} has no such field`, position);
      skipJson(position, p, context.maxDepth - depth);
    }
    position = behindValue(0x7d);
    if (position < 0) break;
  }
  seenTop = base;
  return p;
}

/** As in write-message.ts: bits that both share, in an object, took a twentieth more of many small messages (measured). */
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

/** One member whose key is known: refuses a second one, and a second one of its oneof. `null` leaves a field unset. */
function readMember(field: ReaderField, base: number, from: number, p: number, depth: number): number {
  const bits = seen[base + field.seenWord] as number;
  if ((bits & field.seenBit) !== 0) fail('the field is given twice', from);
  seen[base + field.seenWord] = bits | field.seenBit;
  if (field.oneofBit !== 0 && (field.takesNull || scratch.bytes[from] !== 0x6e)) {
    const claims = seen[base + field.oneofWord] as number;
    if ((claims & field.oneofBit) !== 0)
      fail(`another member of the oneof ${field.descriptor.oneof?.name} is given before`, from);
    seen[base + field.oneofWord] = claims | field.oneofBit;
  }
  return readField(field, from, p, depth);
}

/** The value of a field of any kind, tags included. */
function readField(field: ReaderField, from: number, p: number, depth: number): number {
  if (scratch.bytes[from] === 0x6e && !(field.takesNull && field.shape === single)) {
    expectLiteral(from, 'null');
    return p;
  }
  if (field.shape === single) {
    const start = putTag(field, p);
    const after = readValue(field, from, start, depth);
    return after < 0 || (field.dropsZero && isZero(field.op, start, after)) ? p : after;
  }
  return field.shape === list ? readList(field, from, p, depth) : readMap(field, from, p, depth);
}

function putTag(field: ReaderField, p: number): number {
  scratch.view.setInt32(p, field.tagWord, true);
  if (field.tagLength === 5) scratch.bytes[p + 4] = field.tag / 268435456;
  return p + field.tagLength;
}

function isZero(op: number, start: number, end: number): boolean {
  if (end - start === 1) return scratch.bytes[start] === 0;
  switch (op) {
    case opDouble:
    case opFixed64:
    case opSfixed64:
      return scratch.view.getInt32(start, true) === 0 && scratch.view.getInt32(start + 4, true) === 0;
    case opFloat:
    case opFixed32:
    case opSfixed32:
      return scratch.view.getInt32(start, true) === 0;
    default:
      return false;
  }
}

/** One value without its tag; -1 when it is to be left out: the unknown name of an enum, where those are ignored. */
function readValue(field: ReaderField, from: number, p: number, depth: number): number {
  switch (field.op) {
    case opString:
      if (scratch.bytes[from] !== 0x22) return readScalar(opString, from, p);
      return readString(from + 1, p);
    case opMessage: {
      const size = field.lengthSize;
      const after = closeLength(p, size, readMessage(field.message as ReaderPlan, from, p + size, depth + 1));
      field.lengthSize = scratch.lengthSize;
      return after;
    }
    case opEnum:
      return readEnum(field, from, p, context.ignoresUnknown);
    case opGroup: {
      const after = readMessage(field.message as ReaderPlan, from, p, depth + 1);
      const end = putTag(field, after);
      scratch.bytes[after] = (scratch.bytes[after] as number) + 1;
      return end;
    }
    default:
      return readScalar(field.op, from, p);
  }
}

function readList(field: ReaderField, from: number, p: number, depth: number): number {
  if (scratch.bytes[from] !== 0x5b) fail(`${excerpt(from)} is not an array`, from);
  let position = skipSpace(from + 1);
  if (scratch.bytes[position] === 0x5d) {
    scratch.at = position + 1;
    return p;
  }
  if (field.isPacked) return readPacked(field, position, p);
  while (position >= 0) {
    makeRoom(position, p);
    if (scratch.bytes[position] === 0x6e && !field.takesNull) fail('null is not an element', position);
    const after = readValue(field, position, putTag(field, p), depth);
    if (after >= 0) p = after;
    position = behindValue(0x5d);
  }
  return p;
}

/** Numbers, bools or enums in one field, from the first on. */
function readPacked(field: ReaderField, from: number, p: number): number {
  const { op, lengthSize } = field;
  const start = putTag(field, p);
  let end = start + lengthSize;
  for (let position = from; position >= 0; position = behindValue(0x5d)) {
    makeRoom(position, end);
    if (scratch.bytes[position] === 0x6e && !field.takesNull) fail('null is not an element', position);
    const after =
      op === opEnum ? readEnum(field, position, end, context.ignoresUnknown) : readScalar(op, position, end);
    if (after >= 0) end = after;
  }
  if (end === start + lengthSize) return p;
  end = closeLength(start, lengthSize, end);
  field.lengthSize = scratch.lengthSize;
  return end;
}

function readMap(field: ReaderField, from: number, p: number, depth: number): number {
  if (scratch.bytes[from] !== 0x7b) fail(`${excerpt(from)} is not an object`, from);
  let position = skipSpace(from + 1);
  if (scratch.bytes[position] === 0x7d) {
    scratch.at = position + 1;
    return p;
  }
  const keys = openKeys();
  while (position >= 0) {
    if (scratch.bytes[position] !== 0x22) fail(`${excerpt(position)} where a key is due`, position);
    makeRoom(position, p);
    p = readEntry(field, keys, position, p, depth);
    position = behindValue(0x7d);
  }
  closeKeys();
  return p;
}

function readEntry(field: ReaderField, keys: KeySet, from: number, p: number, depth: number): number {
  const keyField = field.mapKey as ReaderField;
  const valueField = field.mapValue as ReaderField;
  const entry = putTag(field, p);
  const keyStart = putTag(keyField, entry + 1);
  const keyEnd = readMapKey(keyField.op, from, keyStart);
  const position = expectColon(scratch.at);
  if (scratch.bytes[position] === 0x6e && !valueField.takesNull) fail('null is not a value of a map', position);
  const after = readValue(valueField, position, putTag(valueField, keyEnd), depth);
  if (after < 0) return p;
  const end = closeLength(entry, 1, after);
  if (!keys.add(keyStart + scratch.lengthSize - 1, keyEnd + scratch.lengthSize - 1))
    fail('the key is given twice', position);
  return end;
}

function readSpecial(plan: ReaderPlan, from: number, p: number, depth: number): number {
  switch (plan.special) {
    case wrapperMessage: {
      const start = putTag(plan.inner, p);
      const after = readValue(plan.inner, from, start, depth);
      return isZero(plan.inner.op, start, after) ? p : after;
    }
    case anyMessage:
      return readAny(plan, from, p, depth);
    case valueMessage:
      return readDynamic(plan, from, p, depth);
    case structMessage:
    case listValueMessage:
      if (depth > context.maxDepth) fail(`nested more than ${context.maxDepth} deep`, from);
      return plan.special === structMessage
        ? readMap(plan.inner, from, p, depth)
        : readList(plan.inner, from, p, depth);
    default: {
      if (scratch.bytes[from] !== 0x22) return failText(plan, from);
      findString(from + 1, p);
      const after = putWellKnownText(plan, scratch.spanStart, scratch.spanEnd, p, false);
      return after < 0 ? failText(plan, from) : after;
    }
  }
}

/** google.protobuf.Value. It is no level of nesting, the object or array in it is. */
function readDynamic(plan: ReaderPlan, from: number, p: number, depth: number): number {
  const first = scratch.bytes[from];
  if (first === 0x7b || first === 0x5b) {
    const field = plan.fields[first === 0x7b ? 4 : 5] as ReaderField;
    return readValue(field, from, putTag(field, p), depth - 1);
  }
  if (first === 0x22) {
    scratch.bytes[p] = 0x1a;
    return readString(from + 1, p + 1);
  }
  if (first === 0x74 || first === 0x66) {
    scratch.bytes[p] = 0x20;
    return readScalar(opBool, from, p + 1);
  }
  if (first === 0x6e) {
    expectLiteral(from, 'null');
    scratch.bytes[p] = 0x08;
    scratch.bytes[p + 1] = 0;
    return p + 2;
  }
  const value = doubleAt(from);
  if (Number.isNaN(value)) failNumber(from);
  if (!Number.isFinite(value)) fail(`${excerpt(from)} is too large for a Value`, from);
  scratch.bytes[p] = 0x11;
  return setDouble(value, p + 1);
}

const typeKey = 1;
const valueKey = 2;
const anyKeys: NameTable<number> = new NameTable([
  ['@type', typeKey],
  ['value', valueKey],
]);

function isTypeKey(key: number, p: number): boolean {
  const position = scratch.at;
  const isType = anyKeys.find(key, p) === typeKey;
  scratch.at = position;
  return isType;
}

function readAny(plan: ReaderPlan, from: number, p: number, depth: number): number {
  if (depth > context.maxDepth) fail(`nested more than ${context.maxDepth} deep`, from);
  if (scratch.bytes[from] !== 0x7b) fail(`${excerpt(from)} is not an object (${plan.descriptor.fullName})`, from);
  const typeAt = findType(from, p, depth);
  if (typeAt < 0) return p;
  findString(typeAt + 1, p);
  const typeUrl = scratch.bytes.toString('utf8', scratch.spanStart, scratch.spanEnd);
  const inner = typeUrl.includes('/') ? context.anyPlan(typeUrl) : undefined;
  if (inner === undefined) return fail(`${excerpt(typeAt)} is not a type of the schema`, typeAt);
  if (inner.names === null) inner.compile();
  scratch.bytes[p] = 0x0a;
  p = readString(typeAt + 1, p + 1);
  const start = p + 1;
  const end =
    inner.special === plainMessage && !isEmptyMessage(inner.descriptor)
      ? readMembers(inner, from, start + 1, depth + 1, true)
      : readAnyValue(inner, from, start + 1, depth + 1);
  if (end === start + 1) return p;
  scratch.bytes[p] = 0x12;
  return closeLength(start, 1, end);
}

/** Position of the value of `@type`, or -1 for an empty object, behind which it moves then. */
function findType(from: number, p: number, depth: number): number {
  let position = skipSpace(from + 1);
  if (scratch.bytes[position] === 0x7d) {
    scratch.at = position + 1;
    return -1;
  }
  while (position >= 0) {
    if (scratch.bytes[position] !== 0x22) fail(`${excerpt(position)} where a key is due`, position);
    const key = anyKeys.find(position + 1, p);
    position = expectColon(scratch.at);
    if (key === typeKey) {
      if (scratch.bytes[position] !== 0x22) fail(`${excerpt(position)} is not a string`, position);
      return position;
    }
    skipJson(position, p, context.maxDepth - depth);
    position = behindValue(0x7d);
  }
  return fail('an Any without "@type"', from);
}

/** The `value` of an Any that holds a well-known type. */
function readAnyValue(inner: ReaderPlan, from: number, p: number, depth: number): number {
  let given = 0;
  let end = p;
  let position = skipSpace(from + 1);
  while (position >= 0) {
    if (scratch.bytes[position] !== 0x22) fail(`${excerpt(position)} where a key is due`, position);
    makeRoom(position, end);
    const key = anyKeys.find(position + 1, end) ?? 0;
    position = expectColon(scratch.at);
    if (key === 0 && !context.ignoresUnknown)
      fail(`no member but "value" goes with a ${inner.descriptor.fullName} in an Any`, position);
    if ((given & key) !== 0) fail('the member is given twice', position);
    given |= key;
    if (key === valueKey) end = readMessage(inner, position, p, depth);
    else skipJson(position, end, context.maxDepth - depth);
    position = behindValue(0x7d);
  }
  // As a message without fields Empty has no member, as a well-known type it has a "value": writers differ, so both are read.
  if ((given & valueKey) === 0 && !isEmptyMessage(inner.descriptor))
    fail(`an Any of ${inner.descriptor.fullName} needs a "value"`, from);
  return end;
}
