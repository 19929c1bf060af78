/**
 * @module Wire to JSON by closures, one a field; see alternatives.ts.
 */
import { closeKeys, openKeys } from '../../src/codec/key-set.ts';
import { opInt32, opInt64, opMessage, opString, plainMessage } from '../../src/codec/value-op.ts';
import { writeInt32, writeInt64 } from '../../src/codec/write-number.ts';
import { list, map, type WriterField, type WriterPlan } from '../../src/codec/write-plan.ts';
import { writeScalar } from '../../src/codec/write-scalar.ts';
import { copyText, isTextAt, writeString } from '../../src/codec/write-text.ts';
import { writeTime } from '../../src/codec/write-well-known.ts';
import { grow, scratch as shared } from '../../src/wire/scratch.ts';
import { readLength, readTag, readVarint32, readVarint64, skipValue } from '../../src/wire/varint.ts';
import { disorder, type Lazy, lazyOf, tooDeep, type Write } from './alternatives.ts';

const scratch = shared;

type WriteMember = (tag: number, from: number, end: number, p: number, depth: number) => number;

export function compileClosures(plan: WriterPlan, known: Map<WriterPlan, Lazy>): Write {
  if (plan.dense === null) plan.compile();
  if (plan.special !== plainMessage) return (from, end, p) => writeTime(plan, from, end, p);
  const members: (WriteMember | undefined)[] = [];
  for (const field of plan.fields) {
    const member = memberClosure(field, known);
    members[field.tag] = member;
    if (field.packedTag >= 0) members[field.packedTag] = member;
  }
  const dense = Array.from(members);
  const bits = plan.fields.length;
  if (bits > 31) throw new Error('too many fields to measure');
  const bitOf = Int32Array.from(dense, (_, tag) => plan.dense?.[tag]?.seenBit ?? 0);
  return (from, end, p, depth) => {
    if (depth > 100) throw tooDeep;
    scratch.bytes[p++] = 0x7b;
    const start = p;
    let seen = 0;
    for (let position = from; position < end; ) {
      let tag = scratch.bytes[position] as number;
      if (tag < 0x80 && tag > 7) position++;
      else {
        tag = readTag(position, end);
        position = scratch.at;
      }
      const member = tag < dense.length ? dense[tag] : undefined;
      if (member === undefined) {
        position = skipValue(tag, position, end);
        continue;
      }
      const bit = bitOf[tag] as number;
      if ((seen & bit) !== 0) throw disorder;
      const after = member(tag, position, end, p, depth);
      position = scratch.at;
      if (after !== p) seen |= bit;
      p = after;
    }
    if (p === start) p++;
    if (p > scratch.limit) grow(p);
    scratch.bytes[p - 1] = 0x7d;
    return p;
  };
}

function memberClosure(field: WriterField, known: Map<WriterPlan, Lazy>): WriteMember {
  const { key, zero } = field;
  const value = field.shape === map ? undefined : valueClosure(field, known);
  const write: WriteMember =
    field.shape === map
      ? mapClosure(field, known)
      : field.shape === list
        ? listClosure(field, value as Write)
        : (_, from, end, p, depth) => (value as Write)(from, end, p, depth);
  return (tag, from, end, p, depth) => {
    if (p + key.length > scratch.limit) grow(p + key.length);
    const start = copyText(key, p);
    const after = write(tag, from, end, start, depth);
    if (zero !== undefined && after - start === zero.length && isTextAt(zero, start)) return p;
    scratch.bytes[after] = 0x2c;
    return after + 1;
  };
}

function valueClosure(field: WriterField, known: Map<WriterPlan, Lazy>): Write {
  switch (field.op) {
    case opMessage: {
      const message = lazyOf(field.message as WriterPlan, known, compileClosures);
      return (from, end, p, depth) => {
        const length = readLength(from, end);
        const start = scratch.at;
        p = message.write(start, start + length, p, depth + 1);
        scratch.at = start + length;
        return p;
      };
    }
    case opString:
      return (from, end, p) => {
        const length = readLength(from, end);
        const start = scratch.at;
        p = writeString(start, length, p, true);
        scratch.at = start + length;
        return p;
      };
    case opInt32:
      return (from, end, p) => writeInt32(readVarint32(from, end), p);
    case opInt64:
      return (from, end, p) => {
        readVarint64(from, end);
        scratch.bytes[p] = 0x22;
        p = writeInt64(scratch.high, scratch.low, p + 1);
        scratch.bytes[p] = 0x22;
        return p + 1;
      };
    default:
      return (from, end, p) => writeScalar(field, from, end, p);
  }
}

function listClosure({ tag: oneTag, packedTag }: WriterField, value: Write): WriteMember {
  return (firstTag, from, end, p, depth) => {
    scratch.bytes[p++] = 0x5b;
    let position = from;
    for (let tag = firstTag; ; position = scratch.at) {
      let stop = end;
      if (tag === packedTag) {
        stop = readLength(position, end);
        position = scratch.at;
        stop += position;
      }
      do {
        if (p > scratch.limit) grow(p);
        p = value(position, stop, p, depth);
        position = scratch.at;
        scratch.bytes[p++] = 0x2c;
      } while (tag === packedTag && position < stop);
      if (position >= end) break;
      tag = readTag(position, end);
      if (tag !== oneTag && tag !== packedTag) break;
    }
    scratch.at = position;
    scratch.bytes[p - 1] = 0x5d;
    return p;
  };
}

function mapClosure({ tag, mapKey, mapValue }: WriterField, known: Map<WriterPlan, Lazy>): WriteMember {
  const key = mapKey as WriterField;
  const keyTag = key.tag;
  const valueTag = (mapValue as WriterField).tag;
  const writeKey = valueClosure(key, known);
  const writeValue = valueClosure(mapValue as WriterField, known);
  const quotes = key.isQuoted ? 0 : 1;
  return (_, from, end, p, depth) => {
    const keys = openKeys();
    scratch.bytes[p++] = 0x7b;
    for (let position = from; ; position = scratch.at) {
      const length = readLength(position, end);
      position = scratch.at;
      const stop = position + length;
      if (p > scratch.limit) grow(p);
      if (scratch.bytes[position] !== keyTag) throw disorder;
      const start = p;
      if (quotes === 1) scratch.bytes[p++] = 0x22;
      p = writeKey(position + 1, stop, p, depth);
      if (quotes === 1) scratch.bytes[p++] = 0x22;
      if (!keys.add(start, p)) throw disorder;
      position = scratch.at;
      if (scratch.bytes[position] !== valueTag) throw disorder;
      if (p > scratch.limit) grow(p);
      scratch.bytes[p] = 0x3a;
      p = writeValue(position + 1, stop, p + 1, depth);
      scratch.bytes[p++] = 0x2c;
      if (scratch.at !== stop) throw disorder;
      scratch.at = stop;
      if (stop >= end || readTag(stop, end) !== tag) {
        scratch.at = stop;
        break;
      }
    }
    closeKeys();
    scratch.bytes[p - 1] = 0x7d;
    return p;
  };
}
