/** The parameters of one operation: those of the path, then every leaf of the request that nothing else binds. */
import type { Binding, PathVariable } from '../routing/binding.ts';
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import { behaviorOf } from './annotations.ts';
import { authoredSchema } from './authored.ts';
import { markdownOf, paragraphs } from './comment.ts';
import type { JsonSchema, Parameter } from './document.ts';
import { type PathParameter, type Place, patternOf } from './paths.ts';
import { type NamedResource, namedResource, resourceExample, segmentExample } from './resources.ts';
import { type DocumentContext, fieldDescription, fieldSchema, nameOf } from './schemas.ts';
import { partsOf, textExample } from './text-example.ts';
import { isText } from './value-schema.ts';

export function pathParameters(place: Place, context: DocumentContext): readonly Parameter[] {
  const documented = new Set<unknown>();
  return place.parameters.map((parameter) => {
    const { name, variable, isWhole, segments } = parameter;
    // The field's comment stands once, at the first of the parameters that make up its value.
    const isFirst = !documented.has(variable);
    const comment = isFirst ? commentOf(variable) : '';
    documented.add(variable);
    const part = variable === undefined || isWhole ? '' : `Part of ${partsText(place, variable, context)}.`;
    const resource = variable && namedResource(variable.fields.at(-1) as FieldDescriptor, context.schema);
    const example = exampleOf(parameter, place, resource);
    const isMulti = segments.length > 1 || segments[0]?.kind === 'multi';
    const description = paragraphs(
      part,
      comment,
      isFirst && resource !== undefined ? resourceNote(resource) : '',
      isMulti ? 'May hold several segments: slashes are sent as they are.' : '',
    );
    return {
      name,
      in: 'path',
      ...(description !== undefined && { description }),
      required: true,
      schema: pathSchema(parameter, context),
      ...(example !== undefined && { example }),
      ...(isMulti && { 'x-multi-segment': true }),
    };
  });
}

function commentOf(variable: PathVariable | undefined): string {
  const leaf = variable?.fields.at(-1);
  return leaf === undefined ? '' : (authoredSchema(leaf).description ?? markdownOf(leaf.comment));
}

/** "Names a `library.example/Book`, `shelves/{shelf}/books/{book}`." */
function resourceNote({ reference: { type, childType }, patterns }: NamedResource): string {
  const forms = patterns.slice(0, 3).map((pattern) => `, \`${pattern}\``);
  if (type === '*') return 'Names a resource of any type.';
  return type === undefined ? `Names the parent of a \`${childType}\`.` : `Names a \`${type}\`${forms.join('')}.`;
}

/** What a form can show in the parameter: the author's example or a name by the resource's pattern, or the part of it that belongs here. */
function exampleOf(parameter: PathParameter, place: Place, resource: NamedResource | undefined): string | undefined {
  const { variable, segments } = parameter;
  if (variable === undefined) return undefined;
  const own = place.binding.template.segments.slice(variable.start, variable.end);
  const text = textExample(variable.fields.at(-1) as FieldDescriptor);
  const parts = text === undefined ? undefined : partsOf(text, own);
  if (segments.length > 1) return parts === undefined ? resource && resourceExample(resource) : text;
  const wildcards = own.flatMap(({ kind }, index) => (kind === 'literal' ? [] : [index]));
  const position = place.parameters.filter((each) => each.variable === variable).indexOf(parameter);
  const at = wildcards[position] ?? 0;
  return parts?.[at] ?? (resource && segmentExample(resource, own, at));
}

/** "`name`, `shelves/{shelf}/books/{book}`": the field, and how the parameters make up its value. */
function partsText({ binding, parameters }: Place, variable: PathVariable, context: DocumentContext): string {
  const names = parameters.filter((each) => each.variable === variable).map(({ name }) => name);
  const path = variable.fields.map((field) => nameOf(field, context)).join('.');
  const segments = binding.template.segments.slice(variable.start, variable.end);
  const value = segments.map((segment) => (segment.kind === 'literal' ? segment.text : `{${names.shift()}}`)).join('/');
  return `\`${path}\`, \`${value}\``;
}

function pathSchema({ variable, isWhole, segments }: PathParameter, context: DocumentContext): JsonSchema {
  const leaf = variable?.fields.at(-1);
  if (segments.length === 1 && segments[0]?.kind === 'multi') return { type: 'string' };
  const pattern = patternOf(segments);
  if (pattern !== '') return { type: 'string', pattern };
  if (isWhole && leaf !== undefined && !variable?.isMultiSegment) return fieldSchema(leaf, context);
  // One part of a value that keeps `%2F`: a slash cannot be carried.
  return variable === undefined ? { type: 'string' } : { type: 'string', pattern: '^[^/]+$' };
}

/**
 * Types that hold each other have leaves by the factorial of their number. No method of Google's has more than 28, and
 * nobody reads a thousand; the gateway takes the others as well.
 */
const maxQueryParameters = 1_000;

/**
 * The query parameters of a binding (http.proto, rules for HTTP mapping): names joined with dots, in order of
 * declaration. Messages inside themselves, lists of messages and values of any shape have no form as text.
 */
export function queryParameters(binding: Binding, context: DocumentContext): readonly Parameter[] {
  const { body, method, variables } = binding;
  if (body.kind === 'whole') return [];
  const bound = new Set(variables.map(({ text }) => text));
  if (body.kind === 'field') bound.add(body.field.name);
  const found: Parameter[] = [];
  const walk = (message: MessageDescriptor, path: readonly FieldDescriptor[]): void => {
    for (const field of context.usage.fieldsOf(message)) {
      if (field.isExtension) continue;
      if (found.length >= maxQueryParameters) return;
      const here = [...path, field];
      if (bound.has(here.map(({ name }) => name).join('.'))) continue;
      if (field.map !== undefined) {
        if ((context.options.queryMaps ?? true) && isText(field.map.value)) found.push(queryParameter(here, context));
      } else if (isText(field)) {
        found.push(queryParameter(here, context));
      } else if (field.type.kind === 'message' && !field.isRepeated && !isShapeless(field.type.message)) {
        const { message: inner } = field.type;
        if (inner !== method.input && !path.some(({ type }) => type.kind === 'message' && type.message === inner))
          walk(inner, here);
      }
    }
  };
  walk(method.input, []);
  return found;
}

const shapeless: ReadonlySet<string> = new Set(
  ['Struct', 'Value', 'ListValue', 'Any'].map((name) => `google.protobuf.${name}`),
);

function isShapeless({ fullName }: MessageDescriptor): boolean {
  return shapeless.has(fullName);
}

function queryParameter(path: readonly FieldDescriptor[], context: DocumentContext): Parameter {
  const field = path.at(-1) as FieldDescriptor;
  const description = fieldDescription(field, context);
  return {
    name: path.map((each) => nameOf(each, context)).join('.'),
    in: 'query',
    ...(description !== undefined && { description }),
    ...(path.every((each) => behaviorOf(each).isRequired) && { required: true }),
    ...(field.isDeprecated && { deprecated: true }),
    // `labels[key]=value`
    ...(field.map !== undefined && { style: 'deepObject', explode: true }),
    schema: fieldSchema(field, context),
  };
}
