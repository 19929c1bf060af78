/** Answers held against a document: what it promises must be what the gateway does. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema, OpenApiDocument, Operation, Reference, ResponseObject } from '../../src/openapi/document.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * A check of answers against the document, which returns what is wrong with one. It is stricter than the document's own
 * schemas: no property that is not listed, none that is write-only (or read-only, to check requests).
 */
export function createAnswerCheck(
  document: OpenApiDocument,
  hidden: 'writeOnly' | 'readOnly' = 'writeOnly',
): (operation: Operation, answer: Answer) => readonly string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, ownProperties: true, formats });
  ajv.addSchema({
    $id: 'document',
    components: { schemas: mapValues(document.components.schemas, (each) => closed(each, hidden)) },
  });
  const compiled = new Map<JsonSchema, ValidateFunction>();
  return (operation, { status, contentType, body }) => {
    const response = resolve(document, operation.responses[String(status)] ?? operation.responses['default']);
    const type = contentType.split(';')[0] ?? '';
    const media = response?.content?.[type] ?? response?.content?.['*/*'];
    if (media === undefined) return [`${status} ${type} is not in the document`];
    if (response?.content?.[type] === undefined) return [];
    let validate = compiled.get(media.schema);
    if (validate === undefined) {
      validate = ajv.compile(JSON.parse(JSON.stringify(closed(media.schema, hidden)).replaceAll('"#/', '"document#/')));
      compiled.set(media.schema, validate);
    }
    return valuesIn(type, body).flatMap((value) =>
      validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`),
    );
  };
}

/** The JSON values of a body: one, or one a line or an event. */
function valuesIn(type: string, body: string): readonly unknown[] {
  if (type === 'application/x-ndjson')
    return body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  if (type !== 'text/event-stream') return [JSON.parse(body)];
  const events = body.split('\n\n').filter((event) => /^data:/m.test(event) && !/^event: error$/m.test(event));
  return events.map((event) => JSON.parse([...event.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line).join('\n')));
}

/** The schema without the hidden properties, and with none but those it lists. */
function closed(schema: JsonSchema, hidden: 'writeOnly' | 'readOnly'): JsonSchema {
  const inner = (each: JsonSchema): JsonSchema => closed(each, hidden);
  const properties = Object.entries(schema.properties ?? {}).filter(([, each]) => !each[hidden]);
  return {
    ...schema,
    ...(schema.properties && {
      properties: Object.fromEntries(properties.map(([key, each]) => [key, inner(each)])),
      additionalProperties: schema.additionalProperties ?? false,
    }),
    ...(typeof schema.additionalProperties === 'object' && {
      additionalProperties: inner(schema.additionalProperties),
    }),
    ...(schema.items && { items: inner(schema.items) }),
    ...(schema.anyOf && { anyOf: schema.anyOf.map(inner) }),
  };
}

function resolve(document: OpenApiDocument, response: ResponseObject | Reference | undefined) {
  if (response === undefined || !('$ref' in response)) return response;
  return document.components.responses[response.$ref.slice('#/components/responses/'.length)];
}

function mapValues<T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

const within = (low: number, high: number) => ({
  type: 'number' as const,
  validate: (value: number) => value >= low && value <= high,
});

const within64 = (low: bigint, high: bigint) => (value: string) =>
  /^-?[0-9]+$/.test(value) && BigInt(value) >= low && BigInt(value) <= high;

const formats = {
  int32: within(-(2 ** 31), 2 ** 31 - 1),
  uint32: within(0, 2 ** 32 - 1),
  int64: within64(-(2n ** 63n), 2n ** 63n - 1n),
  uint64: within64(0n, 2n ** 64n - 1n),
  float: { type: 'number' as const, validate: Number.isFinite },
  double: { type: 'number' as const, validate: Number.isFinite },
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6}|\.\d{9})?Z$/,
  'google-duration': true as const,
  'google-fieldmask': /^([a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*(,|$))*$/,
  binary: true as const,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  ipv4: /^\d+(\.\d+){3}$/,
  ipv6: /^[0-9a-f:.]+$/i,
};
