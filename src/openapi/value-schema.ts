/** What the codec writes for scalars and well-known types: the proto3 JSON mapping as JSON Schema. */
import type { FieldDescriptor, ScalarType } from '../schema/descriptors.ts';
import { ofWrappers } from '../schema/wrappers.ts';
import type { JsonSchema } from './document.ts';

const int32: JsonSchema = { type: 'integer', format: 'int32' };
const uint32: JsonSchema = { type: 'integer', format: 'uint32', minimum: 0 };
// Written as strings, since a JSON number keeps 53 bits; bare numbers are read too.
const int64: JsonSchema = { type: 'string', format: 'int64', pattern: '^-?[0-9]+$' };
const uint64: JsonSchema = { type: 'string', format: 'uint64', pattern: '^[0-9]+$' };

// `pattern` speaks of strings only: a number, or the three values that JSON has no number for.
const floating = (format: string): JsonSchema => ({
  type: ['number', 'string'],
  format,
  pattern: '^(NaN|-?Infinity)$',
});

export const scalarSchemas: Readonly<Record<ScalarType, JsonSchema>> = {
  double: floating('double'),
  float: floating('float'),
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  int64,
  sint64: int64,
  sfixed64: int64,
  uint64,
  fixed64: uint64,
  bool: { type: 'boolean' },
  string: { type: 'string' },
  bytes: { type: 'string', contentEncoding: 'base64' },
};

/** Well-known types whose JSON is a string, a number or a boolean: also query parameters and path variables. */
const textSchemas: ReadonlyMap<string, JsonSchema> = new Map([
  ['google.protobuf.Timestamp', { type: 'string', format: 'date-time' }],
  // `1.5s`, which is not the ISO 8601 duration that the format `duration` means.
  ['google.protobuf.Duration', { type: 'string', format: 'google-duration', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' }],
  ['google.protobuf.FieldMask', { type: 'string', format: 'google-fieldmask' }],
  ...ofWrappers(scalarSchemas),
]);

/** Well-known types of any shape. They stand where they are used, without a component, as the ones above do. */
const shapelessSchemas: ReadonlyMap<string, JsonSchema> = new Map([
  ['google.protobuf.Struct', { type: 'object', additionalProperties: true }],
  ['google.protobuf.Value', {}],
  ['google.protobuf.ListValue', { type: 'array', items: {} }],
  ['google.protobuf.Empty', { type: 'object' }],
]);

/** The schema of a message that has a JSON form of its own and needs no component; otherwise undefined. */
export function wellKnownSchema(fullName: string): JsonSchema | undefined {
  return textSchemas.get(fullName) ?? shapelessSchemas.get(fullName);
}

/** Whether one value of the field can be written as text: behind a query parameter's `=`. Null has no text. */
export function isText({ type }: FieldDescriptor): boolean {
  if (type.kind === 'message') return textSchemas.has(type.message.fullName);
  return type.kind !== 'enum' || type.enum.fullName !== 'google.protobuf.NullValue';
}

/** The default of a proto2 or editions field as JSON; undefined when none is declared, or it is bytes. */
export function defaultOf(field: FieldDescriptor, enumsAsNumbers: boolean): string | number | boolean | undefined {
  const text = field.defaultValue;
  if (text === undefined || field.type.kind === 'message') return undefined;
  if (field.type.kind === 'enum') return enumsAsNumbers ? field.type.enum.valuesByName.get(text)?.number : text;
  const { type } = scalarSchemas[field.type.scalar];
  if (field.type.scalar === 'bool') return text === 'true';
  if (type === 'string') return field.type.scalar === 'bytes' ? undefined : text;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}
