import type { FieldDescriptor, MessageDescriptor } from '../../schema/descriptors.ts';

/**
 * A message of proto3 JSON as protobufjs takes it: it knows none of the special forms, so that a Timestamp is its seconds and nanos. An Any stays
 * as it is.
 */
export function protobufjsObject(value: unknown, type: MessageDescriptor): unknown {
  const special = forms.get(type.fullName);
  if (special !== undefined) return special(value);
  if (type.fullName.startsWith('google.protobuf.') && type.fieldsByName.has('value') && type.fields.length === 1)
    return { value };
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => {
    const field = type.fieldsByJsonName.get(name);
    return [name, field === undefined ? member : fieldObject(member, field)];
  });
  return Object.fromEntries(members);
}

function fieldObject(value: unknown, field: FieldDescriptor): unknown {
  const { map } = field;
  if (map !== undefined) {
    const entries = Object.entries(Object(value)).map(([key, each]) => [key, oneObject(each, map.value)]);
    return Object.fromEntries(entries);
  }
  return Array.isArray(value) && field.isRepeated
    ? value.map((each) => oneObject(each, field))
    : oneObject(value, field);
}

function oneObject(value: unknown, { type }: FieldDescriptor): unknown {
  return type.kind === 'message' ? protobufjsObject(value, type.message) : value;
}

const forms: ReadonlyMap<string, (value: unknown) => unknown> = new Map<string, (value: unknown) => unknown>([
  ['google.protobuf.Timestamp', (text) => timestamp(String(text))],
  ['google.protobuf.Duration', (text) => duration(String(text))],
  ['google.protobuf.FieldMask', (text) => ({ paths: String(text).split(',').filter(Boolean).map(snakeCase) })],
  ['google.protobuf.Struct', struct],
  ['google.protobuf.Value', dynamic],
  ['google.protobuf.ListValue', (list) => ({ values: (list as readonly unknown[]).map(dynamic) })],
]);

function timestamp(text: string): unknown {
  const [, fraction = ''] = /\.(\d+)/.exec(text) ?? [];
  return { seconds: String(Math.floor(Date.parse(text) / 1000)), nanos: nanosOf(fraction) };
}

function duration(text: string): unknown {
  const [, sign = '', seconds = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?s$/.exec(text) ?? [];
  return { seconds: sign + seconds, nanos: nanosOf(fraction) * (sign === '' ? 1 : -1) };
}

function nanosOf(fraction: string): number {
  return Number(fraction.padEnd(9, '0').slice(0, 9));
}

function snakeCase(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function struct(value: unknown): unknown {
  return { fields: Object.fromEntries(Object.entries(Object(value)).map(([name, each]) => [name, dynamic(each)])) };
}

function dynamic(value: unknown): unknown {
  if (value === null) return { nullValue: 0 };
  if (Array.isArray(value)) return { listValue: { values: value.map(dynamic) } };
  if (typeof value === 'object') return { structValue: struct(value) };
  return typeof value === 'number'
    ? { numberValue: value }
    : typeof value === 'string'
      ? { stringValue: value }
      : { boolValue: value };
}
