/**
 * Measures the codec beside what else Node offers, all in one process, answers compared first. Prints the tables of docs/benchmarks.md.
 *   npm run bench:codec
 */
import assert from 'node:assert/strict';
import {
  create,
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import protobufjs from 'protobufjs';
import type { Codec } from '../../src/codec/codec.ts';
import { createCodec } from '../../src/codec/create-codec.ts';
import type { FileDescriptor, Schema } from '../../src/schema/descriptors.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { bookList, type Shape, shapes } from './shapes.ts';

const proto = 'bench/protos/codec.proto';
const packageName = 'tandem.bench.v1';

interface Contender {
  readonly name: string;
  readonly run: () => unknown;
}

/** Best time of a call in nanoseconds, of rounds in which the contenders take turns: what disturbs one disturbs all. */
function race(contenders: readonly Contender[], roundMs = 25, rounds = 12): readonly number[] {
  const best = contenders.map(() => Number.POSITIVE_INFINITY);
  const calls = contenders.map(({ run }) => callsIn(run, roundMs));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of contenders.entries()) {
      const times = calls[index] as number;
      const begin = process.hrtime.bigint();
      for (let call = 0; call < times; call++) run();
      best[index] = Math.min(best[index] as number, Number(process.hrtime.bigint() - begin) / times);
    }
  }
  return best;
}

/** Warms up, and tells how many calls fill a round. */
function callsIn(run: () => unknown, ms: number): number {
  const end = performance.now() + ms * 8;
  let calls = 0;
  for (; performance.now() < end || calls === 0; calls++) run();
  return Math.max(1, Math.round(calls / 8));
}

function toPeers(codec: Codec, { type, value }: Shape) {
  const message = codec.schema.messages.get(`${packageName}.${type}`);
  assert.ok(message !== undefined);
  const json = Buffer.from(JSON.stringify(value));
  const writer = codec.messageWriter(message);
  const reader = codec.messageReader(message);
  const wire = reader(json);
  const written = Buffer.from(writer(wire));
  return { json: written, wire, reader, writer };
}

/** The same files for protobuf-es, which wants imports first. */
function registryOf(schema: Schema): FileRegistry {
  const ordered = new Set<FileDescriptor>();
  const add = (file: FileDescriptor): void => {
    file.imports.forEach(add);
    ordered.add(file);
  };
  [...schema.files.values()].forEach(add);
  const file = [...ordered].map((descriptor) => fromBinary(FileDescriptorProtoSchema, descriptor.toBytes()));
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}

const { schema } = await loadSchema({ protos: [proto] });
const codec = createCodec(schema);
const registry = registryOf(schema);
const root = protobufjs.loadSync(proto);

function toObjectOptions(): protobufjs.IConversionOptions {
  return { longs: String, enums: String, bytes: String };
}

function contendersOf(shape: Shape): { json: Buffer; out: Contender[]; in: Contender[] } {
  const { json, wire, reader, writer } = toPeers(codec, shape);
  const es = registry.getMessage(`${packageName}.${shape.type}`);
  assert.ok(es !== undefined);
  const pb = root.lookupType(`${packageName}.${shape.type}`);
  const value = JSON.parse(json.toString());
  // The same message for all, before any figure counts.
  assert.deepEqual(value, toJson(es, fromBinary(es, wire), { registry }));
  assert.deepEqual(value, shape.value);
  assert.deepEqual(Buffer.from(toBinary(es, fromJson(es, value))), Buffer.from(wire));
  const plain = pb.toObject(pb.decode(wire), toObjectOptions());
  const plainJson = Buffer.from(JSON.stringify(plain));
  assert.deepEqual(
    Buffer.from(pb.encode(pb.fromObject(JSON.parse(plainJson.toString()))).finish()),
    Buffer.from(pb.encode(pb.decode(wire)).finish()),
  );
  return {
    json,
    out: [
      { name: 'Tandem', run: () => writer(wire) },
      { name: 'JSON.stringify alone', run: () => Buffer.from(JSON.stringify(value)) },
      {
        name: 'protobufjs toObject + stringify',
        run: () => Buffer.from(JSON.stringify(pb.toObject(pb.decode(wire), toObjectOptions()))),
      },
      {
        name: 'protobuf-es toJson + stringify',
        run: () => Buffer.from(JSON.stringify(toJson(es, fromBinary(es, wire)))),
      },
    ],
    in: [
      { name: 'Tandem', run: () => reader(json) },
      { name: 'JSON.parse alone', run: () => JSON.parse(json.toString()) },
      // protobufjs' fromObject has no JSON form of Timestamp: it reads the seconds and nanos that its toObject wrote.
      {
        name: 'JSON.parse + protobufjs fromObject',
        run: () => pb.encode(pb.fromObject(JSON.parse(plainJson.toString()))).finish(),
      },
      { name: 'JSON.parse + protobuf-es fromJson', run: () => toBinary(es, fromJson(es, JSON.parse(json.toString()))) },
    ],
  };
}

function printTable(direction: string, pick: (shape: Shape) => { json: Buffer; contenders: Contender[] }): void {
  console.log(`\n${direction}: MB/s of JSON, and × what Tandem is faster\n`);
  for (const [index, shape] of shapes.entries()) {
    const { json, contenders } = pick(shape);
    if (index === 0) {
      console.log(`| message | JSON | ${contenders.map(({ name }) => name).join(' | ')} |`);
      console.log(`|---|---|${contenders.map(() => '---').join('|')}|`);
    }
    const times = race(contenders);
    const cells = times.map((time, column) => {
      const rate = ((json.length / time) * 1000).toFixed(0);
      return column === 0 ? `**${rate}**` : `${rate} (${(time / (times[0] as number)).toFixed(1)}×)`;
    });
    console.log(`| ${shape.name} | ${size(json.length)} | ${cells.join(' | ')} |`);
  }
}

const size = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} B`
    : bytes < 1048576
      ? `${(bytes / 1024).toFixed(0)} KB`
      : `${(bytes / 1048576).toFixed(0)} MB`;

function printSizes(): void {
  console.log(
    '\nCost by size, a list of books: ms of time for each MB of JSON\n\n| JSON | wire → JSON | JSON → wire |\n|---|---|---|',
  );
  for (const books of [2, 20, 200, 2000, 20000, 130000]) {
    const { json, wire, reader, writer } = toPeers(codec, { name: '', type: 'BookList', value: bookList(books) });
    const times = race(
      [
        { name: 'out', run: () => writer(wire) },
        { name: 'in', run: () => reader(json) },
      ],
      25,
      books > 9000 ? 4 : 12,
    );
    const cost = times.map((time) => (time / json.length).toFixed(2));
    console.log(`| ${size(json.length)} | ${cost.join(' | ')} |`);
  }
}

console.log(`Node ${process.version}, ${process.arch}`);
printTable('Wire to JSON', (shape) => {
  const { json, out } = contendersOf(shape);
  return { json, contenders: out };
});
printTable('JSON to wire', (shape) => {
  const { json, in: contenders } = contendersOf(shape);
  return { json, contenders };
});
printSizes();
