/**
 * @module Wire to JSON by generated code, one function a type, of literals and numbered parameters only; see alternatives.ts.
 */
import { closeKeys, openKeys } from '../../src/codec/key-set.ts';
import {
  opBool,
  opBytes,
  opDouble,
  opInt32,
  opInt64,
  opMessage,
  opString,
  opUint32,
  plainMessage,
} from '../../src/codec/value-op.ts';
import { writeDouble } from '../../src/codec/write-floating.ts';
import { writeInt32, writeInt64, writeUint32 } from '../../src/codec/write-number.ts';
import { list, map, single, type WriterField, type WriterPlan } from '../../src/codec/write-plan.ts';
import { writeScalar } from '../../src/codec/write-scalar.ts';
import { bytesOf, writeBase64, writeString } from '../../src/codec/write-text.ts';
import { writeTime } from '../../src/codec/write-well-known.ts';
import { grow, scratch as shared } from '../../src/wire/scratch.ts';
import { readLength, readTag, readVarint32, readVarint64, skipValue } from '../../src/wire/varint.ts';
import { disorder, type Lazy, lazyOf, tooDeep, type Write } from './alternatives.ts';

const scratch = shared;

const given = {
  scratch,
  grow,
  disorder,
  tooDeep,
  openKeys,
  closeKeys,
  readLength,
  readTag,
  readVarint32,
  readVarint64,
  skipValue,
  writeString,
  writeBase64,
  writeInt32,
  writeUint32,
  writeInt64,
  writeDouble,
  writeScalar,
};

let compiled = 0;

export function compileGenerated(plan: WriterPlan, known: Map<WriterPlan, Lazy>): Write {
  if (plan.dense === null) plan.compile();
  if (plan.special !== plainMessage) return (from, end, p) => writeTime(plan, from, end, p);
  const values: unknown[] = [];
  const refer = (value: unknown): string => `c${values.push(value) - 1}`;
  const cases = plan.fields.map((field) => memberSource(field, refer, known)).join('\n');
  // The number keeps the engine from giving out code that it compiled before, as it would not for another type.
  const source = `/* ${++compiled} */ return (pos, end, p, depth) => {
    if (depth > 100) throw tooDeep;
    scratch.bytes[p++] = 123; const start = p; let seen = 0, n = 0, s = 0, t = 0, stop = 0, view;
    while (pos < end) {
      let tag = scratch.bytes[pos];
      if (tag < 128 && tag > 7) pos++; else { tag = readTag(pos, end); pos = scratch.at; }
      switch (tag) {\n${cases}\ndefault: pos = skipValue(tag, pos, end); }
    }
    if (p === start) p++;
    if (p > scratch.limit) grow(p);
    scratch.bytes[p - 1] = 125; return p; }`;
  const parameters = [...Object.keys(given), ...values.map((_, index) => `c${index}`)];
  return new Function(...parameters, source)(...Object.values(given), ...values) as Write;
}

type Refer = (value: unknown) => string;

function textSource(bytes: Buffer): string {
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  bytes.copy(padded);
  let source = `if (p + ${bytes.length} > scratch.limit) grow(p + ${bytes.length}); view = scratch.view;`;
  for (let at = 0; at < padded.length; at += 4) source += `view.setInt32(p + ${at}, ${padded.readInt32LE(at)}, true);`;
  return `${source} p += ${bytes.length};`;
}

function memberSource(field: WriterField, refer: Refer, known: Map<WriterPlan, Lazy>): string {
  const seen = `if (seen & ${field.seenBit}) throw disorder; seen |= ${field.seenBit};`;
  const key = textSource(bytesOf(field.key));
  if (field.shape === single && field.zero !== undefined) {
    // A zero is seen before its key is written.
    const { read, isZero, write } = scalarSource(field, refer);
    return `case ${field.tag}: if (seen & ${field.seenBit}) throw disorder; ${read} if (${isZero}) break;
      seen |= ${field.seenBit}; ${key} ${write} scratch.bytes[p++] = 44; break;`;
  }
  if (field.shape === map) return `case ${field.tag}: ${seen} ${key} ${mapSource(field, refer, known)} break;`;
  const value = valueSource(field, refer, known, 'stop');
  if (field.shape !== list)
    return `case ${field.tag}: ${seen} ${key} stop = end; ${value} scratch.bytes[p++] = 44; break;`;
  const labels = field.packedTag < 0 ? `case ${field.tag}:` : `case ${field.tag}: case ${field.packedTag}:`;
  return `${labels} ${seen} ${key} scratch.bytes[p++] = 91;
    for (t = tag; ; pos = scratch.at) {
      stop = end;
      if (t === ${field.packedTag}) { stop = readLength(pos, end); pos = scratch.at; stop += pos; }
      do { if (p > scratch.limit) grow(p); ${value} scratch.bytes[p++] = 44; } while (t === ${field.packedTag} && pos < stop);
      if (pos >= end) break;
      t = readTag(pos, end);
      if (t !== ${field.tag} && t !== ${field.packedTag}) break;
    }
    scratch.bytes[p - 1] = 93; scratch.bytes[p++] = 44; break;`;
}

function valueSource(field: WriterField, refer: Refer, known: Map<WriterPlan, Lazy>, stop: string): string {
  if (field.op === opMessage) {
    const message = refer(lazyOf(field.message as WriterPlan, known, compileGenerated));
    return `{ const length = readLength(pos, ${stop}); const from = scratch.at;
      p = ${message}.write(from, from + length, p, depth + 1); pos = from + length; }`;
  }
  const { read, write } = scalarSource(field, refer, stop);
  return `${read} ${write}`;
}

interface ScalarSource {
  readonly read: string;
  readonly isZero: string;
  readonly write: string;
}

function scalarSource(field: WriterField, refer: Refer, stop = 'end'): ScalarSource {
  const span = `n = readLength(pos, ${stop}); s = scratch.at; pos = s + n;`;
  const short = `n = readVarint32(pos, ${stop}); pos = scratch.at;`;
  const long = `readVarint64(pos, ${stop}); pos = scratch.at;`;
  switch (field.op) {
    case opString:
      return { read: span, isZero: 'n === 0', write: 'p = writeString(s, n, p, true);' };
    case opBytes:
      return { read: span, isZero: 'n === 0', write: 'p = writeBase64(s, n, p);' };
    case opInt32:
      return { read: short, isZero: 'n === 0', write: 'p = writeInt32(n, p);' };
    case opUint32:
      return { read: short, isZero: 'n === 0', write: 'p = writeUint32(n >>> 0, p);' };
    case opBool:
      return { read: long, isZero: '(scratch.low | scratch.high) === 0', write: textSource(Buffer.from('true')) };
    case opInt64:
      return {
        read: long,
        isZero: '(scratch.low | scratch.high) === 0',
        write: 'scratch.bytes[p] = 34; p = writeInt64(scratch.high, scratch.low, p + 1); scratch.bytes[p++] = 34;',
      };
    case opDouble:
      return {
        read: `if (pos + 8 > ${stop}) throw disorder; n = scratch.view.getFloat64(pos, true); pos += 8;`,
        isZero: 'Object.is(n, 0)',
        write: 'p = writeDouble(n, p);',
      };
    default: {
      const read = `s = pos; p = (n = p, writeScalar(${refer(field)}, pos, ${stop}, p)); pos = scratch.at;`;
      if (field.shape !== single) return { read, isZero: 'false', write: '' };
      const names = [...(field.enumTexts?.byNumber ?? [])]
        .map(([number, text]) => `case ${number}: ${textSource(bytesOf(text))} break;`)
        .join(' ');
      return { read: short, isZero: 'n === 0', write: `switch (n) { ${names} default: p = writeInt32(n, p); }` };
    }
  }
}

function mapSource(field: WriterField, refer: Refer, known: Map<WriterPlan, Lazy>): string {
  const key = field.mapKey as WriterField;
  const value = field.mapValue as WriterField;
  const quote = key.isQuoted ? '' : 'scratch.bytes[p++] = 34;';
  return `{ scratch.bytes[p++] = 123; const keys = openKeys();
    for (;;) {
      if (p > scratch.limit) grow(p);
      n = readLength(pos, end); pos = scratch.at; const e = pos + n; const from = p;
      if (scratch.bytes[pos++] !== ${key.tag}) throw disorder;
      ${quote} ${valueSource(key, refer, known, 'e')} ${quote}
      if (!keys.add(from, p) || scratch.bytes[pos++] !== ${value.tag}) throw disorder;
      if (p > scratch.limit) grow(p);
      scratch.bytes[p++] = 58; ${valueSource(value, refer, known, 'e')} scratch.bytes[p++] = 44;
      if (pos !== e) throw disorder;
      if (pos >= end || readTag(pos, end) !== ${field.tag}) break;
      pos = scratch.at;
    }
    closeKeys(); scratch.bytes[p - 1] = 125; scratch.bytes[p++] = 44; }`;
}
