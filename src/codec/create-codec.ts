import type { FieldDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';
import { load, scratch, take } from '../wire/scratch.ts';
import { WireFault } from '../wire/wire-fault.ts';
import type { Codec, CodecOptions, JsonReader, JsonWriter } from './codec.ts';
import { CodecError } from './codec-error.ts';
import { pathAtEnd } from './json-path.ts';
import { closeAllKeys } from './key-set.ts';
import { mergeWire } from './merge-wire.ts';
import { disorder, reached, type WriterContext, writeRoot } from './write-message.ts';
import { WriterCompiler, type WriterPlan } from './write-plan.ts';

const defaultMaxDepth = 100;

/** Conversions for the types of one schema. Types are compiled when they are first converted. */
export function createCodec(schema: Schema, options: CodecOptions = {}): Codec {
  return new SchemaCodec(schema, options);
}

class SchemaCodec implements Codec {
  readonly schema: Schema;
  readonly #writers: WriterCompiler;
  readonly #context: WriterContext;

  constructor(schema: Schema, options: CodecOptions) {
    this.schema = schema;
    const writers = new WriterCompiler(schema, options);
    this.#writers = writers;
    this.#context = {
      maxDepth: options.maxDepth ?? defaultMaxDepth,
      writesDefaults: options.emitDefaults === true,
      rejectsUnknownAny: options.unknownAny !== 'base64',
      anyPlan: (typeUrl) => {
        const type = schema.messages.get(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
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
      if (!(error instanceof WireFault)) throw error;
      const path = pathAtEnd(scratch.subarray(start, Math.max(start, reached)));
      throw new CodecError(path, `${error.message} (offset ${error.offset} of the message)`);
    }
  }

  fieldWriter(_field: FieldDescriptor): JsonWriter {
    throw new Error('not yet');
  }

  messageReader(_type: MessageDescriptor): JsonReader {
    throw new Error('not yet');
  }

  fieldReader(_field: FieldDescriptor): JsonReader {
    throw new Error('not yet');
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
