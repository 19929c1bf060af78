/**
 * The reverse of binding: the HTTP request by which a rule calls its method with a given message. For those who call REST servers: the
 * comparison of protocols, and gRPC clients of an upstream that is REST only.
 */
import type { Binding, PathVariable } from '../routing/binding.ts';
import type { Segment } from '../routing/path-template.ts';
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import { textMessages } from '../schema/text-messages.ts';
import { StatusError } from '../status/status-error.ts';
import { namingMessage } from './bind-stream.ts';
import { isHttpBody, isHttpBodyField, UNKNOWN_TYPE } from './http-body.ts';

/** A message as proto3 JSON with JSON names, 64-bit numbers as strings. */
export type MessageJson = Readonly<Record<string, unknown>>;

export interface OutgoingRequest {
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  /** Undefined without a body. */
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
}

/**
 * `GetBook {name: "shelves/1/books/2", view: "FULL"}` → `GET /v1/shelves/1/books/2?view=FULL`. A rule for any HTTP method is called by POST when it
 * has a body, else by GET. Throws INVALID_ARGUMENT naming the field that the rule cannot carry.
 */
export function outgoingRequest(binding: Binding, message: MessageJson): OutgoingRequest {
  const { httpMethod, body, method } = binding;
  const anyMethod = body.kind === 'none' ? 'GET' : 'POST';
  const rest = binding.variables.reduce((json, { fields }) => without(json, fields), message);
  const taken = body.kind === 'field' ? body.field.jsonName : undefined;
  const query = body.kind === 'whole' ? '' : queryOf(method.input, rest, taken);
  return {
    method: httpMethod === '*' ? anyMethod : httpMethod,
    target: `${pathOf(binding, message)}${query === '' ? '' : `?${query}`}`,
    ...bodyOf(binding, message, rest),
  };
}

/**
 * The same for a stream of messages, which is the mirror of `bind-stream.ts`: path and query say what is in the first message, the body is a JSON
 * array, one value a line, or the bytes of an upload. Throws INVALID_ARGUMENT naming the message, `[3].title`, and the field.
 */
export function outgoingStream(binding: Binding, messages: readonly MessageJson[], isLines = false): OutgoingRequest {
  const { body, method } = binding;
  const [first = {}, ...others] = messages;
  const head = namingMessage(0, () => outgoingRequest(binding, first));
  if (body.kind === 'none') {
    if (others.length > 0) throw StatusError.invalidField('[1]', 'the rule has no body, and so no place for it');
    return head;
  }
  const taken = body.kind === 'field' ? body.field : undefined;
  const values = others.map((message, index) => {
    const [stray] = taken === undefined ? [] : Object.keys(message).filter((name) => name !== taken.jsonName);
    if (stray === undefined) return taken === undefined ? message : (message[taken.jsonName] ?? null);
    throw StatusError.invalidField(`[${index + 1}].${stray}`, 'only the first message has a place for it in the rule');
  });
  if (taken === undefined ? isHttpBody(method.input) : isHttpBodyField(taken)) {
    const pieces = values.map((value) => rawBody((value ?? {}) as MessageJson).body);
    return { ...head, body: Buffer.concat([head.body, ...pieces]) };
  }
  const firstText = messages.length === 0 ? [] : [head.body.length === 0 ? 'null' : Buffer.from(head.body).toString()];
  const texts = [...firstText, ...values.map((value) => JSON.stringify(value))];
  return {
    ...head,
    contentType: isLines ? 'application/x-ndjson' : 'application/json',
    body: Buffer.from(isLines ? texts.map((text) => `${text}\n`).join('') : `[${texts.join(',')}]`),
  };
}

function bodyOf(
  { body, method }: Binding,
  message: MessageJson,
  rest: MessageJson,
): Pick<OutgoingRequest, 'contentType' | 'body'> {
  if (body.kind === 'none') return { contentType: undefined, body: new Uint8Array() };
  if (body.kind === 'whole') return isHttpBody(method.input) ? rawBody(message) : jsonBody(rest);
  // What the path holds is not said twice: a PATCH would take it for a change.
  const value = rest[body.field.jsonName] ?? (message[body.field.jsonName] === undefined ? undefined : {});
  if (isHttpBodyField(body.field)) return rawBody((value ?? {}) as MessageJson);
  return value === undefined ? { contentType: undefined, body: new Uint8Array() } : jsonBody(value);
}

function jsonBody(value: unknown): Pick<OutgoingRequest, 'contentType' | 'body'> {
  return { contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

function rawBody({ contentType, data }: MessageJson): Pick<OutgoingRequest, 'contentType' | 'body'> {
  const type = typeof contentType === 'string' && contentType !== '' ? contentType : UNKNOWN_TYPE;
  return { contentType: type, body: Buffer.from(typeof data === 'string' ? data : '', 'base64') };
}

function pathOf({ template, variables }: Binding, message: MessageJson): string {
  const pieces: string[] = [];
  for (let index = 0; index < template.segments.length; index++) {
    const variable = variables.find(({ start }) => start === index);
    const segment = template.segments[index] as Segment;
    if (variable === undefined) {
      // A wildcard outside of a variable has no value of its own.
      pieces.push(segment.kind === 'literal' ? encodeSegment(segment.text) : '-');
    } else {
      pieces.push(...variableSegments(variable, template.segments, message));
      index = variable.end - 1;
    }
  }
  return `/${pieces.join('/')}${template.verb === undefined ? '' : `:${encodeSegment(template.verb)}`}`;
}

function variableSegments(
  { text, fields, start, end, isMultiSegment }: PathVariable,
  segments: readonly Segment[],
  message: MessageJson,
): readonly string[] {
  const value = fields.reduce<unknown>(
    (outer, { jsonName }) => (outer as MessageJson | undefined)?.[jsonName],
    message,
  );
  const written = String(value ?? defaultText(fields.at(-1)) ?? '');
  const pattern = segments.slice(start, end);
  const parts = isMultiSegment ? (written === '' ? [] : written.split('/')) : [written];
  if (fits(pattern, parts)) return parts.map(encodeSegment);
  const form = pattern.map((one) => (one.kind === 'literal' ? one.text : one.kind === 'single' ? '*' : '**')).join('/');
  const found = value === undefined ? 'it is not set' : `it is ${JSON.stringify(written)}`;
  throw StatusError.invalidField(text, `is part of the path, which wants ${form}; ${found}`);
}

/** JSON leaves out what is at its default: a number, a boolean or an enum value that a path says all the same. */
function defaultText(field: FieldDescriptor | undefined): string | undefined {
  if (field === undefined || field.hasPresence) return undefined;
  if (field.type.kind === 'enum') return field.type.enum.valuesByNumber.get(0)?.name;
  if (field.type.kind === 'message' || field.type.scalar === 'string' || field.type.scalar === 'bytes')
    return undefined;
  return field.type.scalar === 'bool' ? 'false' : '0';
}

function fits(pattern: readonly Segment[], parts: readonly string[]): boolean {
  const deep = pattern.findIndex(({ kind }) => kind === 'multi');
  if (deep === -1) return parts.length === pattern.length && pattern.every((one, index) => isFit(one, parts[index]));
  const [head, tail] = [pattern.slice(0, deep), pattern.slice(deep + 1)];
  if (parts.length < head.length + tail.length) return false;
  const end = parts.slice(parts.length - tail.length);
  return head.every((one, index) => isFit(one, parts[index])) && tail.every((one, index) => isFit(one, end[index]));
}

function isFit(segment: Segment, part: string | undefined): boolean {
  return segment.kind === 'literal' ? segment.text === part : part !== undefined && part !== '';
}

/** A colon is encoded too: it may not be taken for a verb. What the server must decode stays decoded: `%2F` in a value becomes `%252F`. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text);
}

/** The message without the field at the end of a path. */
function without(message: MessageJson, [field, ...inner]: readonly FieldDescriptor[]): MessageJson {
  if (field === undefined || message[field.jsonName] === undefined) return message;
  const { [field.jsonName]: value, ...others } = message;
  const left = inner.length === 0 ? {} : without(value as MessageJson, inner);
  return Object.keys(left).length === 0 ? others : { ...others, [field.jsonName]: left };
}

function queryOf(type: MessageDescriptor, message: MessageJson, taken: string | undefined): string {
  const pairs = Object.entries(message).flatMap(([name, value]) =>
    name === taken ? [] : pairsOf(type.fieldsByJsonName.get(name), name, value),
  );
  return new URLSearchParams(pairs).toString();
}

function pairsOf(field: FieldDescriptor | undefined, name: string, value: unknown): [string, string][] {
  if (field === undefined) throw StatusError.invalidField(name, 'there is no such field');
  if (value === null) return [];
  const { type, map, isRepeated } = field;
  if (map !== undefined) {
    return Object.entries(value as MessageJson).flatMap(([key, one]) => textPairs(map.value, `${name}[${key}]`, one));
  }
  if (isRepeated) return (value as readonly unknown[]).flatMap((one) => textPairs(field, name, one));
  if (type.kind !== 'message' || textMessages.has(type.message.fullName)) return textPairs(field, name, value);
  const { fieldsByJsonName } = type.message;
  const pairs = Object.entries(value as MessageJson).flatMap(([inner, one]) =>
    pairsOf(fieldsByJsonName.get(inner), `${name}.${inner}`, one),
  );
  if (pairs.length === 0) throw StatusError.invalidField(name, 'an empty message cannot be a query parameter');
  return pairs;
}

function textPairs({ type }: FieldDescriptor, name: string, value: unknown): [string, string][] {
  if (type.kind === 'message' && !textMessages.has(type.message.fullName)) {
    throw StatusError.invalidField(
      name,
      `a ${type.message.fullName} cannot be a query parameter, and the rule has no other place for it`,
    );
  }
  return [[name, String(value)]];
}
