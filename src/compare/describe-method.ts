/** A method in plain data: what a form needs to ask for its request, and a request to begin with. */
import { behaviorOf } from '../openapi/annotations.ts';
import { fieldExample, messageExample } from '../openapi/example.ts';
import type { OpenApiOptions } from '../openapi/options.ts';
import { namedResource, segmentExample } from '../openapi/resources.ts';
import type { DocumentContext } from '../openapi/schemas.ts';
import { partsOf, textExample } from '../openapi/text-example.ts';
import { findUsage } from '../openapi/usage.ts';
import { isVisible } from '../openapi/visibility.ts';
import type { Binding, PathVariable } from '../routing/binding.ts';
import type {
  EnumDescriptor,
  FieldDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  Schema,
} from '../schema/descriptors.ts';
import type { MessageJson } from '../transcode/outgoing-request.ts';

export interface MethodDescription {
  readonly input: string;
  readonly output: string;
  /** The request's type and all that it holds, by full name. Those that have a JSON of their own have no fields here. */
  readonly types: Readonly<Record<string, { readonly comment: string; readonly fields: readonly FieldDescription[] }>>;
  /** What a client would write at least. */
  readonly example: MessageJson;
  /** The same with a value in every field that has an obvious one. */
  readonly filled: MessageJson;
}

export interface FieldDescription {
  readonly name: string;
  readonly number: number;
  readonly comment: string;
  /** A scalar's name, `enum`, or a message's full name. */
  readonly type: string;
  /** Of an enum its names. */
  readonly values: readonly string[] | undefined;
  readonly shape: 'one' | 'list' | 'map';
  /** Its oneof's name: of those only one is set. */
  readonly oneof: string | undefined;
  readonly isInPath: boolean;
}

/** Describes methods of one schema. The labels are those of `docs.visibility`. */
export class MethodDescriber {
  readonly #context: Pick<DocumentContext, 'schema' | 'options' | 'usage'>;

  constructor(bindings: readonly Binding[], schema: Schema, options: OpenApiOptions) {
    this.#context = { schema, options, usage: findUsage(bindings, schema, options.visibility) };
  }

  describe(method: MethodDescriptor, binding: Binding | undefined): MethodDescription {
    const types = new Map<string, MethodDescription['types'][string]>();
    const inPath = new Set(binding?.variables.map(({ fields }) => fields[0]));
    const add = (message: MessageDescriptor): void => {
      if (types.has(message.fullName)) return;
      const fields = message.fullName.startsWith('google.protobuf.') ? [] : this.#fieldsOf(message);
      const described = fields.map((field) => describeField(field, inPath.has(field)));
      types.set(message.fullName, { comment: message.comment, fields: described });
      for (const field of fields) {
        const { type } = field.map?.value ?? field;
        if (type.kind === 'message') add(type.message);
      }
    };
    add(method.input);
    return {
      input: method.input.fullName,
      output: method.output.fullName,
      types: Object.fromEntries(types),
      example: this.#example(method, binding, false),
      filled: this.#example(method, binding, true),
    };
  }

  #fieldsOf(message: MessageDescriptor): readonly FieldDescriptor[] {
    return message.fields.filter((field) => isVisible(field, this.#context.options.visibility));
  }

  /** What the path must hold and what is required; of a rule with a body also what a client would write there. */
  #example({ input }: MethodDescriptor, binding: Binding | undefined, isFilled: boolean): MessageJson {
    // Examples read no more of a document than this.
    const context = this.#context as DocumentContext;
    const hasBody = binding === undefined || binding.body.kind !== 'none';
    const whole = Object(messageExample(input, new Set(), context)) as Record<string, unknown>;
    const wanted = this.#fieldsOf(input).filter((field) => {
      const isFirstChoice = field.oneof === undefined || field.oneof.fields[0] === field;
      if (!isFirstChoice || behaviorOf(field).isReadOnly) return false;
      if (isFilled) return hasBody || isPlain(field);
      if (hasBody && (binding?.body.kind !== 'field' || binding.body.field === field)) return true;
      return behaviorOf(field).isRequired;
    });
    const entries = wanted.map((field) => [field.jsonName, whole[field.jsonName] ?? fieldExample(field, context)]);
    let example: MessageJson = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    for (const variable of binding?.variables ?? []) {
      example = withValue(example, variable.fields, this.#captureExample(binding as Binding, variable));
    }
    return example;
  }

  #captureExample({ template }: Binding, { fields, start, end }: PathVariable): unknown {
    const leaf = fields.at(-1) as FieldDescriptor;
    if (leaf.type.kind !== 'scalar' || leaf.type.scalar !== 'string') {
      return fieldExample(leaf, this.#context as DocumentContext);
    }
    const segments = template.segments.slice(start, end);
    const text = textExample(leaf);
    if (text !== undefined && partsOf(text, segments) !== undefined) return text;
    const resource = namedResource(leaf, this.#context.schema);
    return segments
      .map((segment, index) => {
        if (segment.kind === 'literal') return segment.text;
        const before = segments[index - 1];
        const fallback = before?.kind === 'literal' ? '1' : leaf.name;
        return (resource && segmentExample(resource, segments, index)) ?? fallback;
      })
      .join('/');
  }
}

/** What a query can hold. */
function isPlain({ map, type }: FieldDescriptor): boolean {
  if (map !== undefined) return false;
  return (
    type.kind !== 'message' ||
    /^google\.protobuf\.((?!List)\w+Value|Timestamp|Duration|FieldMask)$/.test(type.message.fullName)
  );
}

function describeField(field: FieldDescriptor, isInPath: boolean): FieldDescription {
  const { type } = field.map?.value ?? field;
  return {
    name: field.jsonName,
    number: field.number,
    comment: field.comment,
    type: type.kind === 'scalar' ? type.scalar : type.kind === 'enum' ? 'enum' : type.message.fullName,
    values: type.kind === 'enum' ? valueNames(type.enum) : undefined,
    shape: field.map !== undefined ? 'map' : field.isRepeated ? 'list' : 'one',
    oneof: field.oneof?.name,
    isInPath,
  };
}

function valueNames({ values }: EnumDescriptor): readonly string[] {
  return values.map(({ name }) => name);
}

/** The message with a value at the end of a path of fields. */
function withValue(message: MessageJson, [field, ...rest]: readonly FieldDescriptor[], value: unknown): MessageJson {
  if (field === undefined) return message;
  const { jsonName } = field;
  const inner = (Object.hasOwn(message, jsonName) ? message[jsonName] : {}) as MessageJson;
  return { ...message, [jsonName]: rest.length === 0 ? value : withValue(inner, rest, value) };
}
