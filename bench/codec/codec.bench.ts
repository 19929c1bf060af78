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

/**
 * Least CPU time of a call in nanoseconds, of rounds in which the contenders take turns: what disturbs one disturbs all. All threads of the
 * process count, so that of the garbage collector too.
 */
function race(contenders: readonly Contender[], roundMs = 25, rounds = 12): readonly number[] {
  const best = contenders.map(() => Number.POSITIVE_INFINITY);
  const calls = contenders.map(({ run }) => callsIn(run, roundMs));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of contenders.entries()) {
      const times = calls[index] as number;
      const begin = process.cpuUsage();
      for (let call = 0; call < times; call++) run();
      const { user, system } = process.cpuUsage(begin);
      best[index] = Math.min(best[index] as number, ((user + system) * 1000) / times);
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

interface Race {
  readonly json: Buffer;
  readonly contenders: readonly Contender[];
}

function racesOf(shape: Shape): { readonly out: Race; readonly in: Race } {
  const { json, wire, reader, writer } = toPeers(codec, shape);
  const es = registry.getMessage(`${packageName}.${shape.type}`);
  assert.ok(es !== undefined);
  const pb = root.lookupType(`${packageName}.${shape.type}`);
  const value = JSON.parse(json.toString());
  const plainJson = Buffer.from(JSON.stringify(pb.toObject(pb.decode(wire), toObjectOptions())));
  const byProtobufjs = (): Uint8Array => pb.encode(pb.fromObject(JSON.parse(plainJson.toString()))).finish();
  // The same message for all, before any figure counts.
  assert.deepEqual(value, toJson(es, fromBinary(es, wire), { registry }));
  assert.deepEqual(value, shape.value);
  assert.deepEqual(Buffer.from(toBinary(es, fromJson(es, value))), Buffer.from(wire));
  assert.deepEqual(Buffer.from(byProtobufjs()), Buffer.from(pb.encode(pb.decode(wire)).finish()));
  const out = contendersNamed({
    Tandem: () => writer(wire),
    'JSON.stringify alone': () => Buffer.from(JSON.stringify(value)),
    'protobufjs toObject + stringify': () =>
      Buffer.from(JSON.stringify(pb.toObject(pb.decode(wire), toObjectOptions()))),
    'protobuf-es toJson + stringify': () => Buffer.from(JSON.stringify(toJson(es, fromBinary(es, wire)))),
  });
  const inward = contendersNamed({
    Tandem: () => reader(json),
    'JSON.parse alone': () => JSON.parse(json.toString()),
    // protobufjs' fromObject has no JSON form of Timestamp: it reads the seconds and nanos that its toObject wrote.
    'JSON.parse + protobufjs fromObject': byProtobufjs,
    'JSON.parse + protobuf-es fromJson': () => toBinary(es, fromJson(es, JSON.parse(json.toString()))),
  });
  return { out: { json, contenders: out }, in: { json, contenders: inward } };
}

function contendersNamed(runs: Readonly<Record<string, () => unknown>>): readonly Contender[] {
  return Object.entries(runs).map(([name, run]) => ({ name, run }));
}

function peersTable(direction: 'in' | 'out'): string {
  const rows: string[][] = [];
  for (const shape of shapes) {
    const { json, contenders } = racesOf(shape)[direction];
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

/** From here on a gateway sends replies in pieces. */
const largeBytes = 4 * 1024 * 1024;

/** All sizes in one race, so that the machine is the same to each. */
function sizesTable(): string {
  const sizes = [2, 20, 200, 2000, 20000, 130000].map((books) => {
    return toPeers(codec, { name: '', type: 'BookList', value: bookList(books) });
  });
  const times = race(
    sizes.flatMap(({ json, wire, reader, writer }) => [
      { name: 'out', run: () => writer(wire) },
      { name: 'in', run: () => reader(json) },
      { name: 'pieces', run: () => drain(wire.length < largeBytes ? undefined : writer.pieces(wire)) },
    ]),
  );
  const [out, inward, pieces] = [0, 1, 2].map((column) => {
    return sizes.map(({ json }, row) => (times[row * 3 + column] ?? 0) / json.length);
  }) as [number[], number[], number[]];
  const rows = sizes.map(({ json, wire }, row) => {
    const inPieces = wire.length < largeBytes ? '' : pieces[row]?.toFixed(2);
    return [sizeOf(json.length), out[row]?.toFixed(2) ?? '', inward[row]?.toFixed(2) ?? '', inPieces ?? ''];
  });
  const spreadOf = (column: number[]): string => (Math.max(...column) / Math.min(...column)).toFixed(2);
  const head = ['JSON', 'wire → JSON', 'JSON → wire', 'wire → JSON in pieces'];
  return tableOf([head, ...rows, ['most / least', spreadOf(out), spreadOf(inward), '']]);
}

function drain(pieces: Iterable<Uint8Array> = []): void {
  for (const _ of pieces);
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

const parts = [
  'Wire to JSON:',
  peersTable('out'),
  'JSON to wire:',
  peersTable('in'),
  'By size, for lists of books: milliseconds of CPU for each MB of JSON.',
  sizesTable(),
  'Wire to JSON by the table, by closures, and by generated code, in MB/s:',
  alternativesTable(),
  'The same from the first call on: microseconds to compile the types and convert so many books of 444 bytes.',
  firstCallsTable(),
];
console.log(parts.join('\n\n'));
writePage(parts);
