import type { SourcePosition } from './descriptors.ts';
import type { HttpRule } from './http-rule.ts';

/** A google.api.HttpRule as JSON or YAML holds it, with the place of the rule and of each additional binding. */
export interface WrittenRule {
  readonly value: unknown;
  readonly position: SourcePosition;
  /** Places of `additional_bindings`, in their order; the rule's own place where there is none. */
  readonly bindingPositions: readonly SourcePosition[];
}

/** What is wrong with a rule, and where. */
export interface RuleFault {
  readonly position: SourcePosition;
  readonly message: string;
}

export interface ParsedRules {
  /** The main rule first, its additional bindings behind it. */
  readonly rules: readonly HttpRule[];
  readonly faults: readonly RuleFault[];
}

const patterns: ReadonlyMap<string, string> = new Map([
  ['get', 'GET'],
  ['put', 'PUT'],
  ['post', 'POST'],
  ['delete', 'DELETE'],
  ['patch', 'PATCH'],
]);

// Protobuf's JSON has either spelling of a field's name.
const canonical: ReadonlyMap<string, string> = new Map([
  ['responseBody', 'response_body'],
  ['additionalBindings', 'additional_bindings'],
]);

const known = new Set(['selector', ...patterns.keys(), 'custom', 'body', 'response_body', 'additional_bindings']);

type Complain = (message: string) => undefined;

/** Reads a rule and its additional bindings, each with exactly one pattern. */
export function parseHttpRule({ value, position, bindingPositions }: WrittenRule): ParsedRules {
  const faults: RuleFault[] = [];
  const at =
    (place: SourcePosition): Complain =>
    (message) => {
      faults.push({ position: place, message });
    };
  const fields = fieldsOf(value, at(position));
  const main = fields && parseOne(fields, position, at(position));
  const additional = fields?.get('additional_bindings') ?? [];
  if (!Array.isArray(additional)) at(position)('additional_bindings is a list of rules');
  const others = (Array.isArray(additional) ? additional : []).map((binding: unknown, index) => {
    const place = bindingPositions[index] ?? position;
    const inner = fieldsOf(binding, at(place));
    if (inner?.has('additional_bindings')) {
      at(place)('additional_bindings stand one level deep only; move the inner ones up into the outer list');
    }
    return inner && parseOne(inner, place, at(place));
  });
  return { rules: [main, ...others].filter((rule) => rule !== undefined), faults };
}

function fieldsOf(value: unknown, complain: Complain): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return complain('a rule is a set of fields, such as get: /v1/{name=books/*}');
  }
  const entries = Object.entries(value).map(([key, field]): [string, unknown] => [canonical.get(key) ?? key, field]);
  for (const [key] of entries) {
    if (!known.has(key)) complain(`a rule has no field ${key}; its fields are ${[...known].join(', ')}`);
  }
  return new Map(entries);
}

function parseOne(
  fields: ReadonlyMap<string, unknown>,
  position: SourcePosition,
  complain: Complain,
): HttpRule | undefined {
  const text = (key: string): string => {
    const value = fields.get(key) ?? '';
    if (typeof value !== 'string') complain(`${key} is a text, not ${JSON.stringify(value)}`);
    return String(value);
  };
  const found = [...patterns.keys(), 'custom'].filter((key) => fields.has(key));
  const [pattern] = found;
  if (pattern === undefined)
    return complain('the rule has no pattern; add one of get, put, post, delete, patch, custom');
  if (found.length > 1) {
    return complain(`the rule has ${found.join(' and ')}; leave one and move the others to additional_bindings`);
  }
  const rest = { body: text('body'), responseBody: text('response_body'), position };
  const httpMethod = patterns.get(pattern);
  if (httpMethod !== undefined) return { httpMethod, path: text(pattern), ...rest };
  const { kind, path } = (fields.get('custom') ?? {}) as Record<string, unknown>;
  if (typeof kind === 'string' && kind !== '' && typeof path === 'string') return { httpMethod: kind, path, ...rest };
  return complain('custom needs kind, the HTTP method or *, and path');
}
