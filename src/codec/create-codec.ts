import type { FieldDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';
import { Fault } from '../wire/fault.ts';
import { grow, load, scratch as shared, take } from '../wire/scratch.ts';
import type { Codec, CodecOptions, JsonReader, JsonWriter } from './codec.ts';
import { CodecError } from './codec-error.ts';
import { fieldTreeOf } from './field-tree.ts';
import { pathAtEnd } from './json-path.ts';
import { closeAllKeys } from './key-set.ts';
import { presentPathsOf } from './present-paths.ts';
import { type ReaderContext, readRoot, readRootField } from './read-message.ts';
import { ReaderCompiler } from './read-plan.ts';
import { runWriter } from './run-writer.ts';
import { compileMapTextReader, compileTextReader, compileWireReader } from './text-reader.ts';
import type { WriterContext } from './write-message.ts';
import { piecesOf } from './write-pieces.ts';
import { absentText, WriterCompiler, type WriterField, type WriterPlan } from './write-plan.ts';
import { bytesOf } from './write-text.ts';

const scratch = shared;

const defaultMaxDepth = 100;
/** Masks come from clients: only so many plans are kept for them. */
const keptMasks = 256;

/** Conversions for the types of one schema. Types are compiled when they are first converted. */
export function createCodec(schema: Schema, options: CodecOptions = {}): Codec {
  return new SchemaCodec(schema, options);
}

class SchemaCodec implements Codec {
  readonly schema: Schema;
  readonly #readers: ReaderCompiler;
  readonly #writers: WriterCompiler;
  readonly #readerContext: ReaderContext;
  readonly #writerContext: WriterContext;
  /** Writers by type and mask, the one used last at the end. */
  readonly #masked: Map<string, JsonWriter> = new Map();

  constructor(schema: Schema, options: CodecOptions) {
    this.schema = schema;
    const readers = new ReaderCompiler(schema, options);
    const writers = new WriterCompiler(schema, options);
    const maxDepth = options.maxDepth ?? defaultMaxDepth;
    this.#readers = readers;
    this.#writers = writers;
    this.#readerContext = {
      maxDepth,
      ignoresUnknown: options.ignoreUnknown === true,
      anyPlan: (typeUrl) => planIn(schema, readers, typeUrl),
    };
    this.#writerContext = {
      maxDepth,
      writesDefaults: options.emitDefaults === true,
      rejectsUnknownAny: options.unknownAny !== 'base64',
      anyPlan: (typeUrl) => planIn(schema, writers, typeUrl),
    };
  }

  messageReader(type: MessageDescriptor): JsonReader {
    const plan = this.#readers.planOf(type);
    return (json) => read(json, (p) => take(p, readRoot(plan, json.length, p, this.#readerContext)));
  }

  fieldReader(descriptor: FieldDescriptor): JsonReader {
    const field = this.#readers.fieldOf(descriptor);
    return (json) => read(json, (p) => take(p, readRootField(field, json.length, p, this.#readerContext)));
  }

  textReader(path: readonly FieldDescriptor[]): (text: string) => Uint8Array {
    return compileTextReader(this.#readers, path);
  }

  mapTextReader(path: readonly FieldDescriptor[]): (key: string, text: string) => Uint8Array {
    return compileMapTextReader(this.#readers, path);
  }

  wireReader(path: readonly FieldDescriptor[]): (value: Uint8Array) => Uint8Array {
    return compileWireReader(this.#readers, path);
  }

  presentPaths(type: MessageDescriptor, json: Uint8Array): readonly string[] {
    const plan = this.#readers.planOf(type);
    return read(json, (p) => presentPathsOf(plan, p, this.#readerContext.maxDepth));
  }

  messageWriter(type: MessageDescriptor): JsonWriter {
    return this.#writer(this.#writers.planOf(type));
  }

  filteredWriter(type: MessageDescriptor, paths: readonly string[]): JsonWriter {
    const key = `${type.fullName}:${paths.join()}`;
    let writer = this.#masked.get(key);
    if (writer === undefined) {
      writer = this.#writer(this.#writers.planOf(type, fieldTreeOf(type, paths, this.schema)));
      const [oldest] = this.#masked.keys();
      if (this.#masked.size >= keptMasks && oldest !== undefined) this.#masked.delete(oldest);
    } else this.#masked.delete(key);
    this.#masked.set(key, writer);
    return writer;
  }

  fieldWriter(descriptor: FieldDescriptor): JsonWriter {
    const plan = this.#writers.planOf(descriptor.parent, new Map([[descriptor, undefined]]));
    plan.compile();
    const field = plan.fields.find((candidate) => candidate.descriptor === descriptor) as WriterField;
    const absent = bytesOf(absentText(field));
    const context = this.#writerContext;
    // An object of this one field, `{"name":…}`, without what is around the value.
    const before = 1 + field.key.length;
    const whole = (wire: Uint8Array): Uint8Array =>
      runWriter(plan, wire, context, (start, end) => {
        return end - start === 2 ? Buffer.from(absent) : take(start + before, end - 1);
      });
    return Object.assign(whole, { pieces: (wire: Uint8Array) => piecesOf(plan, wire, context, { before, absent }) });
  }

  #writer(plan: WriterPlan): JsonWriter {
    const context = this.#writerContext;
    const whole = (wire: Uint8Array): Uint8Array => runWriter(plan, wire, context, take);
    return Object.assign(whole, { pieces: (wire: Uint8Array) => piecesOf(plan, wire, context) });
  }
}

/** The plan of the type that a type URL ends with. */
function planIn<Plan>(
  schema: Schema,
  compiler: { planOf(type: MessageDescriptor): Plan },
  typeUrl: string,
): Plan | undefined {
  const type = schema.messages.get(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
  return type && compiler.planOf(type);
}

/** Runs a reader over a text at the front of the working buffer. */
function read<Result>(json: Uint8Array, run: (p: number) => Result): Result {
  const start = load(json);
  if (start + json.length > scratch.limit) grow(start + json.length);
  try {
    return run(start);
  } catch (error) {
    closeAllKeys();
    if (!(error instanceof Fault)) throw error;
    throw new CodecError(pathAtEnd(json.subarray(0, error.offset)), `${error.message} (offset ${error.offset})`);
  }
}
