/** Messages, enums and fields as JSON Schema. */
import type {
  EnumDescriptor,
  EnumValueDescriptor,
  FieldDescriptor,
  FieldType,
  MessageDescriptor,
  Schema,
} from '../schema/descriptors.ts';
import { behaviorOf, infoFormatsOf, referenceOf, resourceOf } from './annotations.ts';
import { authoredSchema } from './authored.ts';
import { markdownOf, paragraphs, splitComment } from './comment.ts';
import { type Components, isOwnComponent } from './components.ts';
import { constraintNote } from './constraint-keywords.ts';
import type { JsonSchema, Keyed, SecurityScheme } from './document.ts';
import { withKeywords } from './keywords.ts';
import type { OpenApiOptions } from './options.ts';
import type { TypeUsage } from './usage.ts';
import { defaultOf, scalarSchemas, wellKnownSchema } from './value-schema.ts';
import { isVisible } from './visibility.ts';

/** What all parts of one document share. */
export interface DocumentContext {
  readonly schema: Schema;
  readonly options: OpenApiOptions;
  readonly usage: TypeUsage;
  readonly components: Components;
  readonly securitySchemes: Keyed<SecurityScheme>;
}

/** The name of a field in JSON, in queries and in paths. */
export function nameOf(field: FieldDescriptor, { options }: DocumentContext): string {
  return options.json?.protoNames && !field.isExtension ? field.name : field.jsonName;
}

/** A message: a `$ref`, or in place for a well-known type. */
export function messageSchema(message: MessageDescriptor, context: DocumentContext): JsonSchema {
  const { fullName } = message;
  if (isOwnComponent(fullName)) return context.components.own(fullName);
  return wellKnownSchema(fullName) ?? context.components.ref(fullName, () => messageComponent(message, context));
}

/** The value of a field in JSON: one value, a list or a map. */
export function fieldSchema(field: FieldDescriptor, context: DocumentContext): JsonSchema {
  return withKeywords(bareFieldSchema(field, context), field, isAlwaysWritten(field, context));
}

function bareFieldSchema(field: FieldDescriptor, context: DocumentContext): JsonSchema {
  const { map } = field;
  if (map !== undefined) {
    return { type: 'object', ...keysOf(map.key), additionalProperties: valueSchema(map.value, context) };
  }
  return field.isRepeated ? { type: 'array', items: valueSchema(field, context) } : valueSchema(field, context);
}

/** One value of the field. */
function valueSchema(field: FieldDescriptor, context: DocumentContext): JsonSchema {
  const schema = typeSchema(field.type, context);
  const reference = referenceOf(field);
  return {
    ...schema,
    ...(!isAlwaysWritten(field, context) && formatKeywords(infoFormatsOf(field))),
    ...(reference !== undefined && { 'x-resource-reference': reference }),
  };
}

function formatKeywords([first, ...others]: readonly string[] = []): JsonSchema {
  if (first === undefined || others.length === 0) return first === undefined ? {} : { format: first };
  return { anyOf: [first, ...others].map((format) => ({ format })) };
}

/** Replies hold the field even when it is not set: a string as "", which no format allows, and input-only ones too. */
function isAlwaysWritten(field: FieldDescriptor, { options }: DocumentContext): boolean {
  return (options.json?.emitDefaults ?? false) && !field.hasPresence;
}

function typeSchema(type: FieldType, context: DocumentContext): JsonSchema {
  if (type.kind === 'scalar') return scalarSchemas[type.scalar];
  if (type.kind === 'message') return messageSchema(type.message, context);
  if (type.enum.fullName === 'google.protobuf.NullValue') return { type: 'null' };
  return context.components.ref(type.enum.fullName, () => enumComponent(type.enum, context));
}

/** How a request uses a message as its body. */
export interface BodyUse {
  /** Names of the message's fields that the path binds. */
  readonly bound: ReadonlySet<string>;
  /** Body `*`, not one field. */
  readonly isWhole: boolean;
  readonly httpMethod: string;
}

/** A message as a request's body: what only requests demand stands beside the `$ref`. */
export function bodySchema(
  message: MessageDescriptor,
  { bound, isWhole, httpMethod }: BodyUse,
  context: DocumentContext,
): JsonSchema {
  const { usage, options } = context;
  const schema = messageSchema(message, context);
  if (schema.$ref === undefined || isOwnComponent(message.fullName)) return schema;
  const listed = listedRequired(message, context);
  const demanded = httpMethod === 'PATCH' ? [] : requiredNames(message, bound, context);
  // All of them when one is missing: there are tools that let a sibling of `$ref` replace what it refers to.
  const required = demanded.every((name) => listed.includes(name)) ? [] : demanded;
  const omitted = usage.omittedFields(message);
  const left = message.fields.filter(({ name }) => bound.has(name) && !omitted.has(name));
  const refused = isWhole && options.collision === 'reject' ? left : [];
  return {
    ...schema,
    ...(required.length > 0 && { required }),
    ...(refused.length > 0 && { not: anyOf(refused.map((field) => ({ required: [nameOf(field, context)] }))) }),
  };
}

function messageComponent(message: MessageDescriptor, context: DocumentContext): JsonSchema {
  const { usage } = context;
  const omitted = usage.omittedFields(message);
  const kept = new Set(usage.fieldsOf(message).filter(({ name }) => !omitted.has(name)));
  const properties = [...kept].map((field) => [nameOf(field, context), property(field, context)] as const);
  const required = listedRequired(message, context);
  const choices = message.oneofs.map(({ fields }) =>
    fields.filter((field) => kept.has(field)).map((field) => nameOf(field, context)),
  );
  const exclusive = choices.filter((names) => names.length > 1).map(atMostOne);
  const resource = resourceOf(message);
  const description = paragraphs(markdownOf(message.comment));
  const { required: _, ...authored } = authoredSchema(message);
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    ...(message.isDeprecated && { deprecated: true }),
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...(required.length > 0 && { required }),
    ...(exclusive.length > 0 && { allOf: exclusive }),
    ...(resource !== undefined && { 'x-resource': resource }),
    ...authored,
  };
}

/** Names of the fields that a request must set and its path does not. */
export function requiredNames(
  message: MessageDescriptor,
  bound: ReadonlySet<string>,
  context: DocumentContext,
): readonly string[] {
  const required = context.usage.fieldsOf(message).filter((field) => behaviorOf(field).isRequired);
  return required.filter(({ name }) => !bound.has(name)).map((field) => nameOf(field, context));
}

/** What the component itself can list as required: all its uses demand it. */
function listedRequired(message: MessageDescriptor, context: DocumentContext): readonly string[] {
  const { usage } = context;
  return usage.isPartial(message) ? [] : requiredNames(message, usage.boundFields(message), context);
}

function property(field: FieldDescriptor, context: DocumentContext): JsonSchema {
  const { isReadOnly, isWriteOnly } = behaviorOf(field);
  const description = fieldDescription(field, context);
  const authored = authoredSchema(field);
  const byDefault = defaultOf(field, context.options.json?.enumsAsNumbers ?? false);
  return {
    ...fieldSchema(field, context),
    ...(description !== undefined && { description }),
    ...((field.isDeprecated || authored.deprecated) && { deprecated: true }),
    ...(isReadOnly && { readOnly: true }),
    ...(isWriteOnly && !isAlwaysWritten(field, context) && { writeOnly: true }),
    ...(byDefault !== undefined && { default: byDefault }),
  };
}

function anyOf(schemas: readonly JsonSchema[]): JsonSchema {
  const [only, ...others] = schemas;
  return only !== undefined && others.length === 0 ? only : { anyOf: schemas };
}

/** At most one of the properties. Linear in their number, where a `not` for each pair would not be. */
function atMostOne(names: readonly string[]): JsonSchema {
  const each = names.map((name) => ({ required: [name] }));
  return { oneOf: [...each, { not: { anyOf: each } }] };
}

/** JSON's keys are strings: those of a map with other keys have a form of their own. */
function keysOf({ type }: FieldDescriptor): JsonSchema {
  const schema = type.kind === 'scalar' ? scalarSchemas[type.scalar] : {};
  if (schema.type === 'boolean') return { propertyNames: { enum: ['true', 'false'] } };
  const pattern = schema.type === 'integer' ? (schema.minimum === 0 ? '^[0-9]+$' : '^-?[0-9]+$') : schema.pattern;
  return pattern === undefined ? {} : { propertyNames: { pattern } };
}

/** The field's comment, and in words what its annotations and its oneof mean for the client. */
export function fieldDescription(field: FieldDescriptor, context: DocumentContext): string | undefined {
  const comment = authoredSchema(field).description ?? markdownOf(field.comment);
  const { isRequired, isImmutable } = behaviorOf(field);
  const notes = [isRequired ? 'Required.' : '', isImmutable ? 'Immutable.' : ''];
  // Google's comments say it themselves: `Required. The name of the book.`
  const missing = notes.filter((note) => !comment.toLowerCase().includes(note.toLowerCase()));
  const text = [...missing, comment].filter((part) => part !== '').join(' ');
  return paragraphs(text, constraintNote(field), exclusionNote(field, context));
}

function exclusionNote({ oneof, name, parent }: FieldDescriptor, context: DocumentContext): string {
  const visible = oneof === undefined ? [] : context.usage.fieldsOf(parent);
  const others = visible.filter((other) => other.oneof === oneof && other.name !== name);
  if (oneof === undefined || others.length === 0) return '';
  // Each member naming all others would make a large oneof quadratic in the document.
  if (others.length > 9) return `Excludes the other members of \`${oneof.name}\`.`;
  return `Excludes ${others.map((other) => `\`${nameOf(other, context)}\``).join(', ')}.`;
}

function enumComponent(descriptor: EnumDescriptor, { options }: DocumentContext): JsonSchema {
  const asNumbers = options.json?.enumsAsNumbers ?? false;
  const values = descriptor.values.filter((value) => isVisible(value, options.visibility));
  const lines = values.map((value) => valueLine(value, asNumbers)).filter((line) => line !== '');
  const description = paragraphs(markdownOf(descriptor.comment), lines.join('\n'));
  return {
    ...(asNumbers
      ? { type: 'integer', format: 'int32', enum: [...new Set(values.map(({ number }) => number))] }
      : { type: 'string', enum: values.map(({ name }) => name) }),
    ...(description !== undefined && { description }),
    ...(descriptor.isDeprecated && { deprecated: true }),
    ...authoredSchema(descriptor),
  };
}

/** "- `NAME`: what it means"; "" when nothing is known beyond the name. */
function valueLine(value: EnumValueDescriptor, asNumbers: boolean): string {
  const { summary, rest } = splitComment(value.comment);
  const meaning = [summary, rest.replace(/\s+/g, ' ')].filter((part) => part !== '').join('. ');
  const notes = [asNumbers ? value.name : '', value.isDeprecated ? 'deprecated' : ''].filter((part) => part !== '');
  if (meaning === '' && notes.length === 0) return '';
  const note = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  return `- \`${asNumbers ? value.number : value.name}\`${note}${meaning === '' ? '' : `: ${meaning}`}`;
}
