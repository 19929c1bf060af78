/**
 * @module What the name of a query parameter means in a request message: the field path it leads to, resolved by JSON
 * names before proto names.
 */
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';

/** Where a parameter's value goes. */
export type QueryTarget =
  | { readonly kind: 'field'; readonly path: readonly FieldDescriptor[] }
  /** `m[key]`: one entry of the map at the end of `path`. */
  | { readonly kind: 'entry'; readonly path: readonly FieldDescriptor[]; readonly key: string }
  | { readonly kind: 'unknown' };

const unknown: QueryTarget = { kind: 'unknown' };

/** Their JSON has no fields: a path that goes on below them means nothing. */
export const opaqueMessages: ReadonlySet<string> = new Set([
  'google.protobuf.Any',
  'google.protobuf.ListValue',
  'google.protobuf.Struct',
  'google.protobuf.Value',
]);

/**
 * Resolves `a.b.c` and `a.b[key]` from `message` down. A component is a field's JSON name or else its proto name; all but the last are
 * singular messages. Deeper than `maxDepth` is unknown.
 */
export function resolveQueryName(message: MessageDescriptor, name: string, maxDepth: number): QueryTarget {
  const path: FieldDescriptor[] = [];
  let current = message;
  let rest = name;
  while (path.length < maxDepth) {
    const whole = fieldOf(current, rest);
    if (whole !== undefined) return { kind: 'field', path: [...path, whole] };
    const dot = rest.indexOf('.');
    const bracket = rest.indexOf('[');
    if (bracket > 0 && (dot < 0 || bracket < dot)) return entryOf(current, rest, bracket, path);
    const field = dot > 0 ? fieldOf(current, rest.slice(0, dot)) : undefined;
    if (field === undefined || !isDescendable(field)) return unknown;
    path.push(field);
    current = field.type.message;
    rest = rest.slice(dot + 1);
  }
  return unknown;
}

function entryOf(
  message: MessageDescriptor,
  text: string,
  bracket: number,
  path: readonly FieldDescriptor[],
): QueryTarget {
  const field = fieldOf(message, text.slice(0, bracket));
  if (field?.map === undefined || !text.endsWith(']')) return unknown;
  return { kind: 'entry', path: [...path, field], key: text.slice(bracket + 1, -1) };
}

function fieldOf(message: MessageDescriptor, name: string): FieldDescriptor | undefined {
  return message.fieldsByJsonName.get(name) ?? message.fieldsByName.get(name);
}

type MessageField = FieldDescriptor & { readonly type: { readonly kind: 'message' } };

function isDescendable(field: FieldDescriptor): field is MessageField {
  return field.type.kind === 'message' && !field.isRepeated && !opaqueMessages.has(field.type.message.fullName);
}
