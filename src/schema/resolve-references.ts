import type { FieldDescriptorProto } from '@bufbuild/protobuf/wkt';
import { FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt';
import { declaringFiles } from './built-in-files.ts';
import type { Described } from './descriptors.ts';
import type { LinkedFile } from './linked-file.ts';
import type { LinkedField, LinkedMessage } from './linked-message.ts';
import type { Declaration, LinkedSchema } from './linked-schema.ts';
import type { Resolution } from './name-scope.ts';
import { NameScope } from './name-scope.ts';
import type { Problem } from './problem.ts';

/**
 * Replaces every type name in a file's protos by a full one with a leading dot, and sets the type that only the
 * declaration tells (message or enum). A name that stands for nothing, or for something of the wrong kind, is a
 * problem.
 *
 * `isText` files must import what they name; compiled ones have been through that.
 */
export function resolveReferences(schema: LinkedSchema, file: LinkedFile, isText: boolean): Problem[] {
  const problems: Problem[] = [];
  const names = isText ? new NameScope(schema, file) : undefined;
  const resolve = (written: string, scope: string, isWanted: IsWanted, element: () => Described): string => {
    const known = names === undefined ? schema.find(written.replace(/^\./, '')) : undefined;
    if (known !== undefined && isWanted(known)) return `.${known.fullName}`;
    const result = names?.resolve(written, scope, isWanted) ?? { kind: 'unknown' };
    if (result.kind === 'found') return `.${result.declaration.fullName}`;
    problems.push(unresolved(written, element(), result, schema));
    return written;
  };
  const resolveField = (proto: FieldDescriptorProto, scope: string, element: () => Described): void => {
    if (proto.extendee !== '') proto.extendee = resolve(proto.extendee, scope, isMessage, element);
    const isGroup = proto.type === FieldDescriptorProto_Type.GROUP;
    if (proto.typeName !== '') proto.typeName = resolve(proto.typeName, scope, isGroup ? isMessage : isType, element);
    else if (isGroup || namedTypes.has(proto.type)) problems.push(damaged(element(), 'has no type name'));
    if (isGroup || proto.typeName === '') return;
    const isEnum = schema.enums.has(proto.typeName.slice(1));
    proto.type = isEnum ? FieldDescriptorProto_Type.ENUM : FieldDescriptorProto_Type.MESSAGE;
  };
  const resolveExtension = (extension: LinkedField, scope: string): void => {
    if (!extension.isExtension) problems.push(damaged(extension, 'is an extension that extends nothing'));
    resolveField(extension.proto, scope, () => extension);
  };
  const resolveMessage = (message: LinkedMessage): void => {
    for (const [index, field] of message.proto.field.entries()) {
      resolveField(field, message.fullName, () => message.fields[index] ?? message);
    }
    for (const extension of message.extensions) resolveExtension(extension, message.fullName);
    for (const inner of message.messages) resolveMessage(inner);
  };
  for (const message of file.messages) resolveMessage(message);
  for (const extension of file.extensions) resolveExtension(extension, file.package);
  for (const { methods, fullName } of file.services) {
    for (const method of methods) {
      method.proto.inputType = resolve(method.proto.inputType, fullName, isMessage, () => method);
      method.proto.outputType = resolve(method.proto.outputType, fullName, isMessage, () => method);
    }
  }
  return problems;
}

const namedTypes: ReadonlySet<FieldDescriptorProto_Type> = new Set([
  FieldDescriptorProto_Type.MESSAGE,
  FieldDescriptorProto_Type.ENUM,
]);

/** What no compiler writes. */
function damaged(element: Described, fault: string): Problem {
  return { position: element.position, subject: subjectOf(element), message: `${fault}; compile the file anew` };
}

type IsWanted = (declaration: Declaration) => boolean;

const isMessage: IsWanted = ({ kind }) => kind === 'message';
const isType: IsWanted = ({ kind }) => kind === 'message' || kind === 'enum';

function unresolved(written: string, element: Described, result: Resolution, schema: LinkedSchema): Problem {
  return {
    position: element.position,
    subject: subjectOf(element),
    message: unresolvedName(`type ${written}`, written, result, schema),
  };
}

/** The message for a name that was not found: what it is, why not, and what to write. */
export function unresolvedName(what: string, written: string, result: Resolution, schema: LinkedSchema): string {
  if (result.kind === 'hidden') {
    const { file } = result.declaration;
    return `${what} is declared in ${file.name}, which is not imported; add: import "${file.name}";`;
  }
  if (result.kind === 'shadowed') {
    return `${what} is not found: ${result.by} stands nearer and has no such member; write .${written} to begin at the outermost scope`;
  }
  if (result.kind === 'unfit') {
    const { kind, fullName } = result.declaration;
    return `${what} is the ${kind} ${fullName}, which cannot stand here`;
  }
  const known = declaringFiles.get(written.replace(/^\./, ''));
  if (known !== undefined) return `${what} is not known without its file; add: import "${known}";`;
  const short = written.slice(written.lastIndexOf('.') + 1);
  const near = schema.findLike(short);
  const hint =
    near === undefined
      ? 'declare it, or import the file that does'
      : `do you mean ${near.fullName} of ${near.file.name}?`;
  return `${what} is declared neither here nor in an imported file; ${hint}`;
}

/** What messages call an element: its full name without the package. */
export function subjectOf({ fullName, file }: Pick<Described, 'fullName' | 'file'>): string {
  return file.package === '' ? fullName : fullName.slice(file.package.length + 1);
}
