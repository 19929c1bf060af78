/**
 * Made-up messages: deterministic, readable, and with every field that can hold something, as proto3 JSON.
 */
import { behaviorOf, infoFormatsOf, operationTypesOf, resourceOf } from '../../openapi/annotations.ts';
import { sampleFormats, sampleScalars, sampleWellKnown } from '../../openapi/sample-values.ts';
import type { FieldDescriptor, MessageDescriptor, MethodDescriptor, Schema } from '../../schema/descriptors.ts';

export type JsonObject = { readonly [name: string]: unknown };

/** Messages inside of messages inside of the made-up one are shown, and no deeper: types may hold themselves. */
const MAX_DEPTH = 4;

/**
 * The reply that a method might give to a request: what the request says of fields that the reply has as well, made-up values for the others.
 * `GetBook` answers with the name asked for, `CreateBook` with the book given. `index` counts the replies of a stream from 0.
 */
export function mockReply(method: MethodDescriptor, request: JsonObject, schema: Schema, index = 0): JsonObject {
  const { input, output } = method;
  if (output.fullName === 'google.longrunning.Operation') return mockOperation(method, schema);
  const made = messageJson(output, index, []);
  if (!isObject(made)) return made as JsonObject;
  const whole = input.fields.find(({ type, isRepeated }) => !isRepeated && isMessage(type, output));
  const given = whole === undefined ? undefined : request[whole.jsonName];
  const asked = output.fields.flatMap((field) => {
    const same = input.fieldsByName.get(field.name);
    const value = same !== undefined && isSameType(same, field) ? request[same.jsonName] : undefined;
    return value === undefined ? [] : ([[field.jsonName, value]] as const);
  });
  return joined(output, made, { ...(isObject(given) && given), ...Object.fromEntries(asked) });
}

/** `over` wins, and drops what stands beside it in a oneof. */
function joined(message: MessageDescriptor, made: JsonObject, over: JsonObject): JsonObject {
  const choices = new Set(Object.keys(over).map((name) => message.fieldsByJsonName.get(name)?.oneof));
  const kept = Object.entries(made).filter(([name]) => {
    const oneof = message.fieldsByJsonName.get(name)?.oneof;
    return oneof === undefined || !choices.has(oneof);
  });
  return { ...Object.fromEntries(kept), ...over };
}

/** A long-running operation that has ended with the reply that its method promises (google.longrunning.operation_info). */
function mockOperation(method: MethodDescriptor, schema: Schema): JsonObject {
  const { response } = operationTypesOf(method);
  const type = [`${method.file.package}.${response}`, response].map((name) => schema.messages.get(name)).find(Boolean);
  const operation = { name: 'operations/mock', done: true };
  if (type === undefined) return operation;
  const value = messageJson(type, 0, []);
  const hasOwnJson = !isObject(value) || type.fullName === 'google.protobuf.Struct';
  const fields = hasOwnJson ? { value } : value;
  return { ...operation, response: { '@type': `type.googleapis.com/${type.fullName}`, ...fields } };
}

/** `outer` are the messages around it, itself left out. Undefined when it would hold itself. */
function messageJson(message: MessageDescriptor, index: number, outer: readonly MessageDescriptor[]): unknown {
  const known = wellKnown.get(message.fullName);
  if (known !== undefined) return known;
  if (message.fullName === 'google.api.HttpBody') return httpBody;
  if (outer.includes(message) || outer.length > MAX_DEPTH) return undefined;
  const chosen = message.fields.filter((field) => {
    const isFirstChoice = field.oneof === undefined || field.oneof.fields[0] === field;
    return isFirstChoice && !field.isDeprecated && !behaviorOf(field).isWriteOnly;
  });
  const entries = chosen.map((field) => [field.jsonName, fieldJson(field, index, [...outer, message])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function fieldJson(field: FieldDescriptor, index: number, outer: readonly MessageDescriptor[]): unknown {
  const { map } = field;
  const value = valueJson(map?.value ?? field, index, outer);
  if (value === undefined) return undefined;
  if (map !== undefined)
    return { [map.key.type.kind === 'scalar' ? String(sampleScalars[map.key.type.scalar]) : '']: value };
  return field.isRepeated ? [value] : value;
}

function valueJson(field: FieldDescriptor, index: number, outer: readonly MessageDescriptor[]): unknown {
  const { type, name } = field;
  if (type.kind === 'enum') return enumJson(type.enum);
  if (type.kind === 'message') {
    if (unspeakable.has(type.message.fullName)) return undefined;
    return messageJson(type.message, index, outer);
  }
  if (type.scalar !== 'string') return sampleScalars[type.scalar];
  // A list that always has one more page would never end.
  if (name === 'next_page_token') return '';
  const pattern = name === 'name' ? resourceOf(field.parent)?.patterns[0] : undefined;
  const text = pattern?.replace(/[{}]|=\*+/g, '') ?? sampleFormats.get(infoFormatsOf(field)?.[0]) ?? name;
  return index === 0 || name !== 'name' ? text : `${text}-${index + 1}`;
}

function enumJson({ fullName, values }: { readonly fullName: string; readonly values: readonly Named[] }): unknown {
  if (fullName === 'google.protobuf.NullValue') return undefined;
  return (values.find(({ number, isDeprecated }) => number !== 0 && !isDeprecated) ?? values[0])?.name;
}

interface Named {
  readonly name: string;
  readonly number: number;
  readonly isDeprecated: boolean;
}

function isMessage(type: FieldDescriptor['type'], message: MessageDescriptor): boolean {
  return type.kind === 'message' && type.message === message;
}

function isSameType(a: FieldDescriptor, b: FieldDescriptor): boolean {
  const typeOf = ({ type, isRepeated }: FieldDescriptor): unknown[] => [
    isRepeated,
    type.kind === 'scalar' ? type.scalar : type.kind === 'enum' ? type.enum : type.message,
  ];
  return typeOf(a).every((part, index) => part === typeOf(b)[index]);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const httpBody = { contentType: 'text/plain', data: Buffer.from('mock').toString('base64') };

/** An Any could be of any type. */
const unspeakable: ReadonlySet<string> = new Set(['google.protobuf.Any']);

const wellKnown: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...sampleWellKnown,
  ['google.protobuf.FieldMask', ''],
  ['google.protobuf.Value', 'value'],
  ['google.protobuf.ListValue', ['value']],
]);
