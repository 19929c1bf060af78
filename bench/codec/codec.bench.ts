/**
 * Measures the codec beside what else Node offers, all in one process, answers compared first. Writes its tables into docs/benchmarks.md.
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
import { WriterCompiler } from '../../src/codec/write-plan.ts';
import type { FileDescriptor, MessageDescriptor, Schema } from '../../src/schema/descriptors.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { type Convert, converterOf } from './alternatives.ts';
import { compileClosures } from './closures.ts';
import { compileGenerated } from './generated.ts';
import { sizeOf, tableOf, writePage } from './report.ts';
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

function typeOf(name: string): MessageDescriptor {
  const type = schema.messages.get(`${packageName}.${name}`);
  assert.ok(type !== undefined);
  return type;
}

function toPeers(codec: Codec, { type, value }: Shape) {
  const message = typeOf(type);
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

function peersTable(pick: (shape: Shape) => { json: Buffer; contenders: Contender[] }): string {
  const rows: string[][] = [];
  for (const shape of shapes) {
    const { json, contenders } = pick(shape);
    if (rows.length === 0) rows.push(['message', 'JSON', ...contenders.map(({ name }) => name)]);
    const times = race(contenders);
    const cells = times.map((time, column) => {
      const rate = ((json.length / time) * 1000).toFixed(0);
      return column === 0 ? `**${rate}**` : `${rate} (${(time / (times[0] as number)).toFixed(1)}×)`;
    });
    rows.push([shape.name, sizeOf(json.length), ...cells]);
  }
  return tableOf(rows);
}

function sizesTable(): string {
  const rows = [['JSON', 'wire → JSON', 'JSON → wire']];
  for (const books of [2, 20, 200, 2000, 20000, 130000]) {
    const { json, wire, reader, writer } = toPeers(codec, { name: '', type: 'BookList', value: bookList(books) });
    const contenders = [
      { name: 'out', run: () => writer(wire) },
      { name: 'in', run: () => reader(json) },
    ];
    const times = race(contenders, 25, books > 9000 ? 4 : 12);
    rows.push([sizeOf(json.length), ...times.map((time) => (time / json.length).toFixed(2))]);
  }
  return tableOf(rows);
}

const waysToConvert = ['table', 'closures', 'generated'];

/** The table beside what else the codec could be, all types warm. See alternatives.ts. */
function alternativesTable(): string {
  const compiler = new WriterCompiler(schema, {});
  const cases = shapes.map((shape) => {
    const { json, wire, writer } = toPeers(codec, shape);
    const plan = compiler.planOf(typeOf(shape.type));
    const ways: Convert[] = [writer, converterOf(plan, compileClosures), converterOf(plan, compileGenerated)];
    for (const convert of ways) assert.deepEqual(Buffer.from(convert(wire)), json);
    return { name: shape.name, json, contenders: ways.map((convert) => ({ name: '', run: () => convert(wire) })) };
  });
  for (const { contenders } of cases) for (const { run } of contenders) callsIn(run, 10);
  const rows = cases.map(({ name, json, contenders }) => {
    return [name, ...race(contenders).map((time) => ((json.length / time) * 1000).toFixed(0))];
  });
  return tableOf([['message', ...waysToConvert], ...rows]);
}

/** Microseconds to compile the types of a book and convert so many: what a method costs that begins to be called. */
function firstCallsTable(): string {
  const type = typeOf('Book');
  const { wire } = toPeers(codec, shapes.find((shape) => shape.type === 'Book') as Shape);
  const makers: (() => Convert)[] = [
    () => createCodec(schema).messageWriter(type),
    () => converterOf(new WriterCompiler(schema, {}).planOf(type), compileClosures),
    () => converterOf(new WriterCompiler(schema, {}).planOf(type), compileGenerated),
  ];
  const rows = [1, 10, 100].map((calls) => {
    return [`${calls}`, ...makers.map((make) => medianMicroseconds(make, wire, calls).toFixed(0))];
  });
  return tableOf([['books', ...waysToConvert], ...rows]);
}

function medianMicroseconds(make: () => Convert, wire: Uint8Array, calls: number): number {
  const times = Array.from({ length: 61 }, () => {
    const begin = performance.now();
    const convert = make();
    for (let call = 0; call < calls; call++) convert(wire);
    return (performance.now() - begin) * 1000;
  });
  return times.sort((a, b) => a - b)[30] as number;
}

function contendersIn(shape: Shape, direction: 'in' | 'out'): { json: Buffer; contenders: Contender[] } {
  const contenders = contendersOf(shape);
  return { json: contenders.json, contenders: contenders[direction] };
}

const parts = [
  'Wire to JSON:',
  peersTable((shape) => contendersIn(shape, 'out')),
  'JSON to wire:',
  peersTable((shape) => contendersIn(shape, 'in')),
  'By size, for lists of books: milliseconds for each MB of JSON.',
  sizesTable(),
  'Wire to JSON by the table, by closures, and by generated code, in MB/s:',
  alternativesTable(),
  'The same from the first call on: microseconds to compile the types and convert so many books of 444 bytes.',
  firstCallsTable(),
];
console.log(parts.join('\n\n'));
writePage(parts);
