/**
 * Example bodies: what a form can be filled with and be taken by the gateway. Samples that tools make from a schema set all
 * members of a oneof and invent types for an Any.
 */
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import { behaviorOf, infoFormatsOf } from './annotations.ts';
import { authoredSchema } from './authored.ts';
import { isOwnComponent } from './components.ts';
import { constraintKeywords } from './constraint-keywords.ts';
import { namedResource, resourceExample } from './resources.ts';
import { sampleFormats, sampleScalars, sampleWellKnown } from './sample-values.ts';
import { type DocumentContext, nameOf } from './schemas.ts';
import { textExample } from './text-example.ts';
import { wellKnownSchema } from './value-schema.ts';

/** Enough to see what a message is like; its required fields are all there, however many and deep. */
const limits = { optionalFields: 20, depth: 2 } as const;

/**
 * One message without the fields that the path binds: its first fields, one element of each list and map, the first member
 * of each oneof. Undefined when it has no obvious value, or would never end.
 */
export function messageExample(
  message: MessageDescriptor,
  bound: ReadonlySet<string>,
  context: DocumentContext,
  outer: readonly MessageDescriptor[] = [],
): unknown {
  const { fullName } = message;
  const sample = sampleWellKnown.get(fullName);
  if (sample !== undefined || wellKnownSchema(fullName) !== undefined || isOwnComponent(fullName)) return sample;
  if (outer.includes(message)) return undefined;
  const [authored] = authoredSchema(message).examples ?? [];
  if (typeof authored === 'object' && authored !== null) return withoutBound(authored, message, bound, context);
  const omitted = context.usage.omittedFields(message);
  const writable = context.usage.fieldsOf(message).filter((field) => {
    const isFirstChoice = field.oneof === undefined || field.oneof.fields[0] === field;
    return isFirstChoice && !omitted.has(field.name) && !bound.has(field.name) && !behaviorOf(field).isReadOnly;
  });
  const isRequired = (field: FieldDescriptor): boolean => behaviorOf(field).isRequired;
  const optional =
    outer.length > limits.depth ? [] : writable.filter((field) => !isRequired(field) && !field.isDeprecated);
  const shown = new Set([...writable.filter(isRequired), ...optional.slice(0, limits.optionalFields)]);
  const entries = writable
    .filter((field) => shown.has(field))
    .map((field) => [nameOf(field, context), fieldExample(field, context, [...outer, message])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** What an author wrote, less what the path holds. */
function withoutBound(
  example: object,
  message: MessageDescriptor,
  bound: ReadonlySet<string>,
  context: DocumentContext,
): unknown {
  const names = new Set(message.fields.filter(({ name }) => bound.has(name)).map((field) => nameOf(field, context)));
  return Object.fromEntries(Object.entries(example).filter(([name]) => !names.has(name)));
}

/** The value of a field; undefined as for a message. */
export function fieldExample(
  field: FieldDescriptor,
  context: DocumentContext,
  outer: readonly MessageDescriptor[] = [],
): unknown {
  const [authored] = authoredSchema(field).examples ?? [];
  if (authored !== undefined) return authored;
  const { map } = field;
  const value = valueExample(map?.value ?? field, context, outer);
  if (value === undefined) return undefined;
  if (map !== undefined)
    return { [map.key.type.kind === 'scalar' ? String(sampleScalars[map.key.type.scalar]) : '']: value };
  return field.isRepeated ? [value] : value;
}

function valueExample(field: FieldDescriptor, context: DocumentContext, outer: readonly MessageDescriptor[]): unknown {
  const { type } = field;
  const fitting = fittingValue(field);
  if (fitting !== undefined) return fitting;
  if (type.kind === 'enum') {
    if (type.enum.fullName === 'google.protobuf.NullValue') return undefined;
    const value =
      type.enum.values.find(({ number, isDeprecated }) => number !== 0 && !isDeprecated) ?? type.enum.values[0];
    return context.options.json?.enumsAsNumbers ? value?.number : value?.name;
  }
  if (type.kind === 'message') return messageExample(type.message, new Set(), context, outer);
  if (type.scalar !== 'string') return sampleScalars[type.scalar];
  const resource = namedResource(field, context.schema);
  const name = textExample(field) ?? (resource && resourceExample(resource));
  return name ?? sampleFormats.get(infoFormatsOf(field)?.[0]) ?? 'string';
}

/** A value that the field's limits allow; undefined when it has none that say which. */
function fittingValue(field: FieldDescriptor): unknown {
  const own = constraintKeywords(field);
  const keywords = { ...authoredSchema(field), ...own, ...(own.items ?? {}) };
  const { type } = field;
  const [value] = keywords.examples ?? [keywords.const ?? keywords.enum?.[0] ?? keywords.default];
  if (value !== undefined || type.kind !== 'scalar') return value;
  const { minLength, maxLength = Number.POSITIVE_INFINITY, format, pattern } = keywords;
  if (type.scalar === 'string') {
    if (format !== undefined) return sampleFormats.get(format);
    const hasLength = minLength !== undefined || maxLength < 6;
    return hasLength && pattern === undefined ? 'string'.padEnd(minLength ?? 0, '-').slice(0, maxLength) : undefined;
  }
  const [low, high] = [
    keywords.minimum ?? keywords.exclusiveMinimum,
    keywords.maximum ?? keywords.exclusiveMaximum,
  ].map((limit) => (typeof limit === 'number' ? limit : undefined));
  if (type.scalar === 'double' || type.scalar === 'float')
    return low !== undefined && high !== undefined ? (low + high) / 2 : undefined;
  if (low === undefined) return high === undefined || high > 1 ? undefined : high - 1;
  return keywords.exclusiveMinimum === undefined ? low : low + 1;
}
