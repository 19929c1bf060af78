/** Which types the bindings reach and from where: decides names, `required`, and what a body leaves out. */
import type { Binding } from '../routing/binding.ts';
import type {
  EnumDescriptor,
  FieldDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  Schema,
} from '../schema/descriptors.ts';
import { operationTypesOf } from './annotations.ts';
import { authoredOperation } from './authored.ts';
import { isOwnComponent, ownComponents } from './components.ts';
import { shortestSuffixes } from './naming.ts';
import type { OpenApiOptions } from './options.ts';
import { wellKnownSchema } from './value-schema.ts';
import { isVisible } from './visibility.ts';

export interface TypeUsage {
  /** Component names by full name. */
  readonly names: ReadonlyMap<string, string>;
  /** What the audience may see, with the extensions that the schema knows. */
  fieldsOf(message: MessageDescriptor): readonly FieldDescriptor[];
  /**
   * The message also stands where its REQUIRED fields may be absent: in a reply, which omits fields at their default and
   * what a mask or view left out, or in the body of a PATCH.
   */
  isPartial(message: MessageDescriptor): boolean;
  /** Names of the fields that no body of this type holds: it is only used as body `*`, and every path binds them. */
  omittedFields(message: MessageDescriptor): ReadonlySet<string>;
  /** Names of the fields that some path binds where this type is the body `*`. */
  boundFields(message: MessageDescriptor): ReadonlySet<string>;
  /** What a long-running method ends with and tells on its way. */
  operationTypes(method: MethodDescriptor): {
    readonly response: MessageDescriptor | undefined;
    readonly metadata: MessageDescriptor | undefined;
  };
}

const none: ReadonlySet<string> = new Set();

/** Follows every request and reply of the bindings. Linear in what they reach. */
export function findUsage(
  bindings: readonly Binding[],
  schema: Schema,
  visibility: OpenApiOptions['visibility'],
): TypeUsage {
  const fieldsOf = createFieldsOf(schema, visibility);
  const operationTypes = (method: MethodDescriptor) => {
    const { response, metadata } = operationTypesOf(method);
    return { response: findMessage(schema, method, response), metadata: findMessage(schema, method, metadata) };
  };
  const replies = reach(
    bindings.flatMap((binding) => [...replyTypes(binding, operationTypes), ...authoredReplies(binding, schema)]),
    fieldsOf,
  );
  const patched = bindings.filter(({ httpMethod }) => httpMethod === 'PATCH').flatMap(bodyTypes);
  const all = reach([...replies, ...bindings.map(({ method }) => method.input)], fieldsOf);
  // What is also a reply, a body by itself or a part of another message is needed whole.
  const whole = new Set([...replies, ...bindings.flatMap(bodyFieldTypes)]);
  const enums = new Set<EnumDescriptor>();
  for (const message of all) {
    for (const { type } of fieldsOf(message)) {
      if (type.kind === 'message') whole.add(type.message);
      if (type.kind === 'enum') enums.add(type.enum);
    }
  }
  const named = [...[...all].filter(({ isMapEntry }) => !isMapEntry), ...enums].map(({ fullName }) => fullName);
  const paths = boundByPath(bindings);
  const partial = new Set([...replies, ...patched]);
  return {
    names: shortestSuffixes([...named, ...ownComponents]),
    fieldsOf,
    operationTypes,
    isPartial: (message) => partial.has(message),
    omittedFields: (message) => (whole.has(message) ? none : (paths.get(message)?.everywhere ?? none)),
    boundFields: (message) => paths.get(message)?.somewhere ?? none,
  };
}

/** The fields of a message, found once: visible ones of visible types. */
function createFieldsOf(schema: Schema, visibility: OpenApiOptions['visibility']): TypeUsage['fieldsOf'] {
  const known = new Map<MessageDescriptor, readonly FieldDescriptor[]>();
  const isSeen = (field: FieldDescriptor): boolean => {
    const { type } = field;
    if (!isVisible(field, visibility)) return false;
    return type.kind === 'scalar' || isVisible(type.kind === 'message' ? type.message : type.enum, visibility);
  };
  return (message) => {
    const fields = known.get(message) ?? [...message.fields, ...schema.extensionsOf(message).values()].filter(isSeen);
    known.set(message, fields);
    return fields;
  };
}

/** The messages and all that their fields hold, well-known types left out. */
function reach(roots: Iterable<MessageDescriptor>, fieldsOf: TypeUsage['fieldsOf']): ReadonlySet<MessageDescriptor> {
  const found = new Set<MessageDescriptor>();
  const open = [...roots];
  for (let message = open.pop(); message !== undefined; message = open.pop()) {
    if (found.has(message) || wellKnownSchema(message.fullName) !== undefined || isOwnComponent(message.fullName))
      continue;
    found.add(message);
    for (const { type } of fieldsOf(message)) if (type.kind === 'message') open.push(type.message);
  }
  return found;
}

function replyTypes(binding: Binding, operationTypes: TypeUsage['operationTypes']): readonly MessageDescriptor[] {
  const { method, responseBody } = binding;
  const { response, metadata } = operationTypes(method);
  const reply = responseBody === undefined ? [method.output] : messageOf(responseBody);
  return [...reply, response, metadata].filter((message) => message !== undefined);
}

/** The messages that an author wrote of as replies with another status. */
function authoredReplies({ method }: Binding, schema: Schema): readonly MessageDescriptor[] {
  const responses = [...(authoredOperation(method)?.responses.values() ?? [])];
  return responses.flatMap(({ message }) => schema.messages.get(message ?? '') ?? []);
}

function bodyTypes(binding: Binding): readonly MessageDescriptor[] {
  return binding.body.kind === 'whole' ? [binding.method.input] : bodyFieldTypes(binding);
}

function bodyFieldTypes({ body }: Binding): readonly MessageDescriptor[] {
  return body.kind === 'field' ? messageOf(body.field) : [];
}

function messageOf({ type }: FieldDescriptor): readonly MessageDescriptor[] {
  return type.kind === 'message' ? [type.message] : [];
}

interface PathBound {
  readonly everywhere: Set<string>;
  readonly somewhere: Set<string>;
}

function boundByPath(bindings: readonly Binding[]): ReadonlyMap<MessageDescriptor, PathBound> {
  const found = new Map<MessageDescriptor, PathBound>();
  for (const { method, body, variables } of bindings) {
    if (body.kind !== 'whole') continue;
    const names = new Set(variables.filter(({ fields }) => fields.length === 1).map(({ text }) => text));
    const known = found.get(method.input);
    if (known === undefined) {
      found.set(method.input, { everywhere: new Set(names), somewhere: names });
      continue;
    }
    for (const name of known.everywhere) if (!names.has(name)) known.everywhere.delete(name);
    for (const name of names) known.somewhere.add(name);
  }
  return found;
}

/** A type name as an option holds it: full, or relative to the package of the method. */
function findMessage(schema: Schema, method: MethodDescriptor, name: string): MessageDescriptor | undefined {
  if (name === '') return undefined;
  const local = `${method.file.package}.${name}`;
  return schema.messages.get(local) ?? schema.messages.get(name.replace(/^\./, ''));
}
