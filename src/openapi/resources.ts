/** Resource names: which field holds the name of what (google.api.resource_reference), and what such names look like. */
import type { Segment } from '../routing/path-template.ts';
import type { FieldDescriptor, Schema } from '../schema/descriptors.ts';
import { type ResourceReference, referenceOf, resourceDefinitionsOf, resourceOf } from './annotations.ts';

/** What a string field names. */
export interface NamedResource {
  readonly reference: ResourceReference;
  /** `shelves/{shelf}/books/{book}`; empty when nothing declares the type. */
  readonly patterns: readonly string[];
}

const patternsOfSchema = new WeakMap<Schema, ReadonlyMap<string, readonly string[]>>();

/** The resource that the field names, or undefined. */
export function namedResource(field: FieldDescriptor, schema: Schema): NamedResource | undefined {
  const reference = referenceOf(field);
  if (reference !== undefined) {
    const type = reference.type ?? reference.childType ?? '';
    const patterns = patternsOf(schema).get(type) ?? [];
    // Of a child the field holds the parent: its pattern ends before the last collection.
    return { reference, patterns: reference.type === undefined ? patterns.map(parentOf) : patterns };
  }
  const own = field.name === 'name' ? resourceOf(field.parent) : undefined;
  return own && { reference: { type: own.type }, patterns: own.patterns };
}

/** A name of the resource: `shelves/shelf/books/book`. */
export function resourceExample({ patterns }: NamedResource): string | undefined {
  const pattern = patterns.find((each) => each !== '*' && each !== '');
  return pattern?.replace(/[{}]|=\*+/g, '');
}

/** The part of a name that stands for the `index`th of a variable's segments, where a pattern has the same form. */
export function segmentExample(
  { patterns }: NamedResource,
  segments: readonly Segment[],
  index: number,
): string | undefined {
  for (const pattern of patterns) {
    const parts = pattern.split('/');
    const isAlike = (segment: Segment, at: number): boolean =>
      segment.kind === 'literal' ? segment.text === parts[at] : (parts[at] ?? '').startsWith('{');
    if (parts.length === segments.length && segments.every(isAlike)) return parts[index]?.replace(/[{}]|=\*+/g, '');
  }
  return undefined;
}

function parentOf(pattern: string): string {
  return pattern.split('/').slice(0, -2).join('/');
}

/** The patterns of every type that some message or file of the schema declares. Read once a schema. */
function patternsOf(schema: Schema): ReadonlyMap<string, readonly string[]> {
  const known = patternsOfSchema.get(schema);
  if (known !== undefined) return known;
  const declared = [
    ...[...schema.files.values()].flatMap(resourceDefinitionsOf),
    ...[...schema.messages.values()].flatMap((message) => resourceOf(message) ?? []),
  ];
  const found = new Map(declared.map(({ type, patterns }) => [type, patterns]));
  patternsOfSchema.set(schema, found);
  return found;
}
