/**
 * @module The schema as every other room sees it: frozen descriptors with all names resolved. Both loaders (proto text,
 * descriptor sets) end here. Full names have no leading dot. Nothing in here depends on a library's own model.
 */

/** A place in a source, for messages. `line` and `column` count from 1; 0 when the source does not say (reflection). */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type ScalarType =
  | 'double'
  | 'float'
  | 'int64'
  | 'uint64'
  | 'int32'
  | 'fixed64'
  | 'fixed32'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'uint32'
  | 'sfixed32'
  | 'sfixed64'
  | 'sint32'
  | 'sint64';

/** What any element of a schema has. */
export interface Described {
  /** Short name as written. */
  readonly name: string;
  readonly fullName: string;
  readonly file: FileDescriptor;
  /**
   * The comment before the element or else the one behind it, in the author's lines, without comment marks; "" when
   * none.
   */
  readonly comment: string;
  readonly isDeprecated: boolean;
  readonly position: SourcePosition;
  readonly options: Options;
}

/** The options of one element: standard ones are facts of the descriptor itself, here are the custom ones. */
export interface Options {
  /**
   * The value of a custom option as proto3 JSON (`google.api.http` gives `{ get: '/v1/…', additionalBindings: […] }`),
   * or undefined when it is not set. `name` is the extension's full name without parentheses.
   */
  get(name: string): unknown;
  /** Full names of all custom options that are set and known. */
  readonly names: readonly string[];
}

export interface FileDescriptor {
  /** Import path: `google/api/http.proto`. */
  readonly name: string;
  readonly package: string;
  readonly syntax: 'proto2' | 'proto3' | 'editions';
  /** The comment of the package statement; "" when none. */
  readonly comment: string;
  readonly options: Options;
  readonly imports: readonly FileDescriptor[];
  readonly messages: readonly MessageDescriptor[];
  readonly enums: readonly EnumDescriptor[];
  readonly services: readonly ServiceDescriptor[];
  readonly extensions: readonly FieldDescriptor[];
  /** The serialized google.protobuf.FileDescriptorProto, for server reflection. */
  toBytes(): Uint8Array;
}

export interface MessageDescriptor extends Described {
  readonly kind: 'message';
  /** In order of declaration, without extensions. */
  readonly fields: readonly FieldDescriptor[];
  readonly fieldsByNumber: ReadonlyMap<number, FieldDescriptor>;
  readonly fieldsByName: ReadonlyMap<string, FieldDescriptor>;
  readonly fieldsByJsonName: ReadonlyMap<string, FieldDescriptor>;
  /** Declared oneofs; the synthetic ones of proto3 `optional` are left out. */
  readonly oneofs: readonly OneofDescriptor[];
  readonly isMapEntry: boolean;
  /** `option message_set_wire_format = true`. */
  readonly isMessageSet: boolean;
  readonly messages: readonly MessageDescriptor[];
  readonly enums: readonly EnumDescriptor[];
}

export interface OneofDescriptor extends Described {
  readonly kind: 'oneof';
  readonly fields: readonly FieldDescriptor[];
}

/** What a field holds: one scalar, enum value or message; `isRepeated` and `map` say how many. */
export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'enum'; readonly enum: EnumDescriptor }
  | { readonly kind: 'message'; readonly message: MessageDescriptor };

export interface FieldDescriptor extends Described {
  readonly kind: 'field';
  readonly number: number;
  /** As protoc derives or the author set it. For an extension `[full.name]`. */
  readonly jsonName: string;
  /** The message the field belongs to; of an extension the message it extends. */
  readonly parent: MessageDescriptor;
  readonly isExtension: boolean;
  /** Of a map field: the type of its entry message. */
  readonly type: FieldType;
  /** True for lists and for maps (which are repeated entries on the wire). */
  readonly isRepeated: boolean;
  /** Set for map fields: the entry's key (a scalar) and value fields. */
  readonly map: { readonly key: FieldDescriptor; readonly value: FieldDescriptor } | undefined;
  /** Written as a group: start and end tag instead of a length (proto2 groups, editions DELIMITED). */
  readonly isDelimited: boolean;
  /** Written packed. Both forms are read, whatever this says. */
  readonly isPacked: boolean;
  /** Set and unset can be told apart: messages, oneof members, `optional`, proto2 and editions explicit presence. */
  readonly hasPresence: boolean;
  readonly isRequired: boolean;
  /** The declared oneof it is a member of; never a synthetic one. */
  readonly oneof: OneofDescriptor | undefined;
  /** Strings only: invalid UTF-8 on the wire is an error (proto3, editions VERIFY). */
  readonly isUtf8Verified: boolean;
  /** A proto2 or editions default, in the proto's own text; undefined when none is declared. */
  readonly defaultValue: string | undefined;
}

export interface EnumDescriptor extends Described {
  readonly kind: 'enum';
  /** In order of declaration; aliases included. */
  readonly values: readonly EnumValueDescriptor[];
  readonly valuesByName: ReadonlyMap<string, EnumValueDescriptor>;
  /** Of aliases the one declared first. */
  readonly valuesByNumber: ReadonlyMap<number, EnumValueDescriptor>;
  /** Unknown numbers are unknown fields (proto2, editions CLOSED). */
  readonly isClosed: boolean;
}

export interface EnumValueDescriptor extends Described {
  readonly kind: 'enumValue';
  readonly number: number;
}

export interface ServiceDescriptor extends Described {
  readonly kind: 'service';
  readonly methods: readonly MethodDescriptor[];
}

export interface MethodDescriptor extends Described {
  readonly kind: 'method';
  readonly service: ServiceDescriptor;
  readonly input: MessageDescriptor;
  readonly output: MessageDescriptor;
  readonly isClientStreaming: boolean;
  readonly isServerStreaming: boolean;
  readonly idempotency: 'unknown' | 'noSideEffects' | 'idempotent';
  /** gRPC's path: `/package.Service/Method`. */
  readonly path: string;
}

/** Everything loaded, by full name. Immutable. */
export interface Schema {
  readonly files: ReadonlyMap<string, FileDescriptor>;
  readonly messages: ReadonlyMap<string, MessageDescriptor>;
  readonly enums: ReadonlyMap<string, EnumDescriptor>;
  readonly services: ReadonlyMap<string, ServiceDescriptor>;
  readonly extensions: ReadonlyMap<string, FieldDescriptor>;
  /** Extensions of one message, by field number. */
  extensionsOf(message: MessageDescriptor): ReadonlyMap<number, FieldDescriptor>;
  /** Methods by `package.Service.Method`, as selectors of service configurations name them. */
  readonly methods: ReadonlyMap<string, MethodDescriptor>;
}
