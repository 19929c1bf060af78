/**
 * Runs a file of the official protobuf conformance suite's JSON and wire cases against the codec.
 *
 *     npm run conformance -- cases.jsonl.gz
 *
 * Beside the file lies `test_messages.binpb`, the descriptor set of the suite's messages. A case is one line of JSON: name, category
 * (REQUIRED or RECOMMENDED), messageType, inputKind, input, requestedOutput, and what is expected: an error, or the message both as wire
 * bytes and as JSON. Wire output is compared as messages, by protobuf-es. JSON output counts when it is the canonical value, and else when
 * it reads as the same message; how many are canonical is told apart. Exits 1 when a case fails.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import {
  createFileRegistry,
  equals,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { CodecError } from '../../src/codec/codec-error.ts';
import { createCodec } from '../../src/codec/descriptor-set-codec.ts';

interface Case {
  readonly name: string;
  readonly category: 'REQUIRED' | 'RECOMMENDED';
  readonly messageType: string;
  readonly inputKind: 'json' | 'protobuf';
  readonly input: string;
  readonly requestedOutput: 'JSON' | 'PROTOBUF';
  readonly ignoreUnknown?: boolean;
  readonly orParseError?: boolean;
  readonly expected: 'parse_error' | 'serialize_error' | { readonly wireBase64: string; readonly json: JsonValue };
}

/** undefined: passed, with the canonical JSON or where that is not asked. */
type Verdict = undefined | 'not canonical' | { readonly why: string };

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: npm run conformance -- FILE.jsonl.gz');
  process.exit(2);
}
const descriptorSet = readFileSync(join(dirname(file), 'test_messages.binpb'));
const codec = createCodec(descriptorSet);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));

function run(one: Case): Verdict {
  const { messageType, expected } = one;
  let output: Uint8Array | string;
  let wire: Uint8Array | undefined;
  try {
    if (one.inputKind === 'json') {
      wire = codec.jsonToWire(messageType, one.input, { ignoreUnknown: one.ignoreUnknown === true });
      output = one.requestedOutput === 'JSON' ? codec.wireToJson(messageType, wire) : wire;
    } else output = codec.wireToJson(messageType, Buffer.from(one.input, 'base64'));
  } catch (error) {
    if (!(error instanceof CodecError))
      return { why: `threw something else: ${error instanceof Error ? error.stack : error}` };
    const mayFail =
      one.orParseError === true || expected === 'serialize_error' || (expected === 'parse_error' && wire === undefined);
    return mayFail ? undefined : { why: `refused: ${error.message}` };
  }
  if (typeof expected === 'string') return { why: `accepted, but ${expected} is expected` };
  return typeof output === 'string'
    ? judgeJson(one, output, expected.json)
    : judgeWire(one, output, expected.wireBase64);
}

function judgeWire({ messageType }: Case, output: Uint8Array, wireBase64: string): Verdict {
  const expected = parse(messageType, Buffer.from(wireBase64, 'base64'));
  return isSame(messageType, parse(messageType, output), expected)
    ? undefined
    : { why: `gave ${Buffer.from(output).toString('hex')}` };
}

function judgeJson({ messageType, name }: Case, output: string, expected: JsonValue): Verdict {
  const value: JsonValue = JSON.parse(output);
  if (isDeepStrictEqual(asFloats(value), asFloats(expected))) return undefined;
  // The suite's validators look at the spelling itself.
  if (name.endsWith('.Validator')) return { why: `gave ${output}` };
  const schema = schemaOf(messageType);
  const isEqual = isSame(messageType, fromJson(schema, value, { registry }), fromJson(schema, expected, { registry }));
  return isEqual ? 'not canonical' : { why: `gave ${output}` };
}

/** Numbers as floats, where a shorter spelling of a float field counts as the same. */
function asFloats(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value), (_key, inner) => (typeof inner === 'number' ? Math.fround(inner) : inner));
}

function schemaOf(messageType: string) {
  const schema = registry.getMessage(messageType);
  if (schema === undefined) throw new Error(`the descriptor set has no ${messageType}`);
  return schema;
}

function parse(messageType: string, wire: Uint8Array): Message {
  return fromBinary(schemaOf(messageType), wire);
}

/** The same bytes when protobuf-es writes them, which NaN needs; or equal with what is inside of an Any. */
function isSame(messageType: string, a: Message, b: Message): boolean {
  const schema = schemaOf(messageType);
  if (Buffer.compare(toBinary(schema, a), toBinary(schema, b)) === 0) return true;
  return equals(schema, a, b, { registry, unpackAny: true, extensions: true, unknown: true });
}

const bytes = readFileSync(file);
const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8');
const totals = new Map<string, { passed: number; failed: number; canonical: number; json: number }>();
let failures = 0;
for (const line of text.split('\n').filter((content) => content !== '')) {
  const one: Case = JSON.parse(line);
  const verdict = run(one);
  const kind = `${one.category} ${one.inputKind} to ${one.requestedOutput}`;
  const total = totals.get(kind) ?? { passed: 0, failed: 0, canonical: 0, json: 0 };
  totals.set(kind, total);
  if (typeof verdict === 'object') {
    failures++;
    total.failed++;
    console.log(`FAILED ${one.name}: ${verdict.why.slice(0, 300)}`);
    continue;
  }
  total.passed++;
  if (typeof one.expected === 'string' || (one.inputKind === 'json' && one.requestedOutput === 'PROTOBUF')) continue;
  total.json++;
  if (verdict === undefined) total.canonical++;
}
console.table(Object.fromEntries([...totals].sort()));
console.log(failures === 0 ? 'all passed' : `${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
