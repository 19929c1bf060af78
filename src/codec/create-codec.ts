import type { FieldDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';
import { Fault } from '../wire/fault.ts';
import { load, scratch, take } from '../wire/scratch.ts';
import type { Codec, CodecOptions, JsonReader, JsonWriter } from './codec.ts';
import { CodecError } from './codec-error.ts';
import { pathAtEnd } from './json-path.ts';
import { closeAllKeys } from './key-set.ts';
import { mergeWire } from './merge-wire.ts';
import { type ReaderContext, readRoot, readRootField } from './read-message.ts';
import { ReaderCompiler } from './read-plan.ts';
import { disorder, reached, type WriterContext, writeRoot } from './write-message.ts';
import { WriterCompiler, type WriterPlan } from './write-plan.ts';

const defaultMaxDepth = 100;

/** Conversions for the types of one schema. Types are compiled when they are first converted. */
export function createCodec(schema: Schema, options: CodecOptions = {}): Codec {
  return new SchemaCodec(schema, options);
}

class SchemaCodec implements Codec {
  readonly schema: Schema;
  readonly #readers: ReaderCompiler;
  readonly #readerContext: ReaderContext;
  readonly #writers: WriterCompiler;
  readonly #context: WriterContext;

  constructor(schema: Schema, options: CodecOptions) {
    this.schema = schema;
    const readers = new ReaderCompiler(schema, options);
    this.#readers = readers;
    const typeOf = (typeUrl: string): MessageDescriptor | undefined =>
      schema.messages.get(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
    this.#readerContext = {
      maxDepth: options.maxDepth ?? defaultMaxDepth,
      ignoresUnknown: options.ignoreUnknown === true,
      anyPlan: (typeUrl) => {
        const type = typeOf(typeUrl);
        return type && readers.planOf(type);
      },
    };
    const writers = new WriterCompiler(schema, options);
    this.#writers = writers;
    this.#context = {
      maxDepth: options.maxDepth ?? defaultMaxDepth,
      writesDefaults: options.emitDefaults === true,
      rejectsUnknownAny: options.unknownAny !== 'base64',
      anyPlan: (typeUrl) => {
        const type = typeOf(typeUrl);
        return type && writers.planOf(type);
      },
    };
  }

  messageWriter(type: MessageDescriptor): JsonWriter {
    const plan = this.#writers.planOf(type);
    return (wire) => this.#write(plan, wire);
  }

  #write(plan: WriterPlan, wire: Uint8Array): Uint8Array {
    let start = load(wire);
    try {
      try {
        return take(start, writeRoot(plan, 0, wire.length, start, this.#context));
      } catch (error) {
        if (error !== disorder) throw error;
        closeAllKeys();
        const ordered = mergeWire(plan, wire, this.#context);
        start = load(ordered);
        return take(start, writeRoot(plan, 0, ordered.length, start, this.#context));
      }
    } catch (error) {
      closeAllKeys();
      if (!(error instanceof Fault)) throw error;
      const path = pathAtEnd(scratch.subarray(start, Math.max(start, reached)));
      throw new CodecError(path, `${error.message} (offset ${error.offset} of the message)`);
    }
  }

  fieldWriter(_field: FieldDescriptor): JsonWriter {
    throw new Error('not yet');
  }

  messageReader(type: MessageDescriptor): JsonReader {
    const plan = this.#readers.planOf(type);
    return (json) => this.#read(json, (p) => readRoot(plan, json.length, p, this.#readerContext));
  }

  fieldReader(descriptor: FieldDescriptor): JsonReader {
    const field = this.#readers.fieldOf(descriptor);
    return (json) => this.#read(json, (p) => readRootField(field, json.length, p, this.#readerContext));
  }

  #read(json: Uint8Array, read: (p: number) => number): Uint8Array {
    const start = load(json);
    try {
      return take(start, read(start));
    } catch (error) {
      closeAllKeys();
      if (!(error instanceof Fault)) throw error;
      const path = pathAtEnd(json.subarray(0, error.offset));
      throw new CodecError(path, `${error.message} (offset ${error.offset})`);
    }
  }

  textReader(_path: readonly FieldDescriptor[]): (text: string) => Uint8Array {
    throw new Error('not yet');
  }

  mapTextReader(_path: readonly FieldDescriptor[]): (key: string, text: string) => Uint8Array {
    throw new Error('not yet');
  }

  presentPaths(_type: MessageDescriptor, _json: Uint8Array): readonly string[] {
    throw new Error('not yet');
  }
}
