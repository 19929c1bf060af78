/** The TypeScript types that stand for messages, enums and fields: what the gateway writes and reads as JSON. */
import type { EnumDescriptor, FieldDescriptor, MessageDescriptor, ScalarType } from '../schema/descriptors.ts';
import { ofWrappers } from '../schema/wrappers.ts';

export interface TypeOptions {
  /** Members are called as in the proto instead of in lower camel case. */
  readonly protoNames: boolean;
  readonly enumsAsNumbers: boolean;
}

/** What a type needs to be written: the names given to messages and enums, and how JSON is written. */
export interface TypeContext extends TypeOptions {
  readonly nameOf: (type: MessageDescriptor | EnumDescriptor) => string;
}

const scalars: Readonly<Record<ScalarType, string>> = {
  double: "number | 'NaN' | 'Infinity' | '-Infinity'",
  float: "number | 'NaN' | 'Infinity' | '-Infinity'",
  int32: 'number',
  sint32: 'number',
  sfixed32: 'number',
  uint32: 'number',
  fixed32: 'number',
  // 64-bit numbers are texts: a number keeps 53 bits.
  int64: 'string',
  sint64: 'string',
  sfixed64: 'string',
  uint64: 'string',
  fixed64: 'string',
  bool: 'boolean',
  string: 'string',
  // Base64.
  bytes: 'string',
};

const wellKnown: ReadonlyMap<string, string> = new Map([
  ['google.protobuf.Timestamp', 'string'],
  ['google.protobuf.Duration', 'string'],
  ['google.protobuf.FieldMask', 'string'],
  ...ofWrappers(scalars),
  ['google.protobuf.Struct', 'Readonly<Record<string, unknown>>'],
  ['google.protobuf.Value', 'unknown'],
  ['google.protobuf.ListValue', 'readonly unknown[]'],
  ['google.protobuf.Any', "{ readonly '@type': string } & Readonly<Record<string, unknown>>"],
  ['google.protobuf.Empty', 'Readonly<Record<string, never>>'],
]);

/** The type of a message; one with a JSON of its own has no declaration. */
export function messageType(message: MessageDescriptor, { nameOf }: TypeContext): string {
  return wellKnown.get(message.fullName) ?? nameOf(message);
}

export function isDeclared(message: MessageDescriptor): boolean {
  return !wellKnown.has(message.fullName) && !message.isMapEntry;
}

/** The type of a field with all its values: a list, a map or one. */
export function fieldType(field: FieldDescriptor, context: TypeContext): string {
  const { map, isRepeated } = field;
  if (map !== undefined) return `Readonly<Record<string, ${valueType(map.value, context)}>>`;
  const type = valueType(field, context);
  if (!isRepeated) return type;
  return /[ |&]/.test(type) ? `readonly (${type})[]` : `readonly ${type}[]`;
}

function valueType({ type }: FieldDescriptor, context: TypeContext): string {
  if (type.kind === 'scalar') return scalars[type.scalar];
  if (type.kind === 'message') return messageType(type.message, context);
  return type.enum.fullName === 'google.protobuf.NullValue' ? 'null' : context.nameOf(type.enum);
}

export function memberName({ name, jsonName }: FieldDescriptor, { protoNames }: TypeOptions): string {
  return protoNames ? name : jsonName;
}

/** The name as it may stand before a colon. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
