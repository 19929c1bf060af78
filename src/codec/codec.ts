/**
 * @module JSON text to protobuf wire bytes and back, by the proto3 JSON mapping
 * (https://protobuf.dev/programming-guides/json/). Knows nothing of HTTP, rules or metadata.
 */
import type { FieldDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';

/** Bytes of JSON text (UTF-8) to wire bytes. Throws CodecError. The result is the caller's to keep. */
export type JsonReader = (json: Uint8Array) => Uint8Array;
/** Wire bytes to bytes of JSON text. */
export interface JsonWriter {
  /** Throws CodecError. The result is the caller's to keep. */
  (wire: Uint8Array): Uint8Array;
  /**
   * The same JSON in pieces, so that a large message needs memory for a piece of it alone. All of the wire is converted once before the
   * first piece is, so pulling does not fail. Undefined where the message has to be written whole, which it then is with its errors:
   * fields out of order or in groups, and types with JSON of their own.
   */
  pieces(wire: Uint8Array): Iterable<Uint8Array> | undefined;
}

export interface CodecOptions {
  /** Write fields without presence at their default too. */
  readonly emitDefaults?: boolean;
  /** Write proto names instead of JSON names. */
  readonly protoNames?: boolean;
  readonly enumsAsNumbers?: boolean;
  /** Read enum names in any case. */
  readonly enumIgnoreCase?: boolean;
  /** Skip unknown JSON keys and enum names instead of refusing them. */
  readonly ignoreUnknown?: boolean;
  /** Nesting allowed in JSON text and on the wire; 100 by default. */
  readonly maxDepth?: number;
  /** An Any of a type that is not in the schema: refuse it (default), or write `{"@type": …, "value": base64}`. */
  readonly unknownAny?: 'reject' | 'base64';
}

/** Conversions for the types of one schema, each compiled on first use and kept. Ask once, keep the function. */
export interface Codec {
  readonly schema: Schema;
  /** The JSON object (or a well-known type's JSON) of a whole message. */
  messageReader(type: MessageDescriptor): JsonReader;
  /** The JSON value of one field, of any kind, to the wire fragment (tags included) that sets it in its parent. */
  fieldReader(field: FieldDescriptor): JsonReader;
  /**
   * Text of a path capture or a query value to the wire fragment that sets the field at the end of `path` in the
   * request. Scalars, enums (name or number), wrappers and well-known types whose JSON is a string. A repeated leaf
   * gets one element. Throws CodecError; a field that cannot be text throws at once, when the reader is made.
   */
  textReader(path: readonly FieldDescriptor[]): (text: string) => Uint8Array;
  /** The same for one entry of the map field at the end of `path`: `m[key]=value`. */
  mapTextReader(path: readonly FieldDescriptor[]): (key: string, text: string) => Uint8Array;
  /** Wraps what a field of messages or bytes holds, encoded already, into the fragment that sets the field at the end of `path`. */
  wireReader(path: readonly FieldDescriptor[]): (value: Uint8Array) => Uint8Array;
  messageWriter(type: MessageDescriptor): JsonWriter;
  /**
   * A writer of the fields that `paths` name alone, by JSON or proto names: `books.title` goes through lists and the values of maps, `*` is
   * everything. Writers are kept for the masks used last. Throws CodecError when a path names no field.
   */
  filteredWriter(type: MessageDescriptor, paths: readonly string[]): JsonWriter;
  /** Wire bytes of the parent message to the JSON of this one field (when absent: its zero, `[]`, `{}`, or null where it has presence). */
  fieldWriter(field: FieldDescriptor): JsonWriter;
  /**
   * The FieldMask paths (proto names) of the keys of a JSON object for `type`, null ones too: leaves of nested messages,
   * stopping at maps, repeated fields and well-known types. Unknown keys are left out. Used for update masks and collisions.
   */
  presentPaths(type: MessageDescriptor, json: Uint8Array): readonly string[];
}
