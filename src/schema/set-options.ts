import type { DescMessage, Message } from '@bufbuild/protobuf';
import { clone } from '@bufbuild/protobuf';
import { mergeFromText } from '@bufbuild/protobuf/txtpb';
import type { LinkedFile } from './linked-file.ts';
import type { Declaration, LinkedSchema } from './linked-schema.ts';
import { NameScope } from './name-scope.ts';
import type { Problem } from './problem.ts';
import type { OptionNamePart, OptionStatement, PendingOptions } from './proto-cursor.ts';
import { subjectOf, unresolvedName } from './resolve-references.ts';

// How it works: the option statements of one element are written as one message in protobuf's text format, in which
// `option (a.b).c = 1;` is `[a.b] { c: 1 }`, and @bufbuild/protobuf reads that into the options message. So it checks names,
// types, ranges, repeated settings and oneofs, and custom options become the bytes that protoc would have written.

/** True for options that need no other file: features decide how the file is linked, so these are set first. */
function isStandard({ parts, text }: OptionStatement): boolean {
  return !text.includes('[') && parts.every(({ isExtension }) => !isExtension);
}

/** Sets the options of descriptor.proto: `deprecated`, `packed`, `features.…`. */
export function setStandardOptions(file: LinkedFile, pending: readonly PendingOptions[]): Problem[] {
  return pending.flatMap((options) => setOptions(file, options, options.statements.filter(isStandard)));
}

/** Sets the custom options, once all names of the schema are resolved. */
export function setCustomOptions(
  schema: LinkedSchema,
  file: LinkedFile,
  pending: readonly PendingOptions[],
): Problem[] {
  const custom = pending.filter(({ statements }) => !statements.every(isStandard));
  if (custom.length === 0) return [];
  const names = new NameScope(schema, file);
  return custom.flatMap((options) => {
    const problems: Problem[] = [];
    const statements = options.statements
      .filter((statement) => !isStandard(statement))
      .flatMap((statement) => {
        const resolved = resolveParts(statement, options, names, schema);
        if (typeof resolved !== 'string') return { ...statement, parts: resolved };
        problems.push({
          position: statement.position,
          subject: subjectOf({ fullName: options.scope, file }),
          message: resolved,
        });
        return [];
      });
    return problems.concat(setOptions(file, options, statements, schema));
  });
}

const isExtensionOf =
  (typeName: string) =>
  (declaration: Declaration): boolean =>
    declaration.kind === 'field' && (typeName === '' || declaration.parent.fullName === typeName);

/** Extensions and packed messages within a value are written in brackets, with their full names. */
function addTypesNamedIn(text: string, schema: LinkedSchema): void {
  for (const [, name = ''] of text.matchAll(/\[\s*(?:[\w.]+\/)?([\w.]+)\s*\]/g)) {
    const declaration = schema.find(name);
    if (declaration !== undefined) schema.extensionTypes.add(declaration.file);
  }
}

/** The name with full extension names, or what is wrong with it. */
function resolveParts(
  { parts, text }: OptionStatement,
  { schema: options, scope }: PendingOptions,
  names: NameScope,
  schema: LinkedSchema,
): readonly OptionNamePart[] | string {
  addTypesNamedIn(text, schema);
  const resolved: OptionNamePart[] = [];
  for (const [index, part] of parts.entries()) {
    if (!part.isExtension) {
      resolved.push(part);
      continue;
    }
    const result = names.resolve(part.name, scope, isExtensionOf(index === 0 ? options.typeName : ''));
    if (result.kind !== 'found') return unresolvedName(`option (${part.name})`, part.name, result, schema);
    schema.extensionTypes.add(result.declaration.file);
    resolved.push({ name: result.declaration.fullName, isExtension: true });
  }
  return resolved;
}

function setOptions(
  file: LinkedFile,
  { schema, target, scope }: PendingOptions,
  statements: readonly OptionStatement[],
  types?: LinkedSchema,
): Problem[] {
  const set = (into: Message, some: readonly OptionStatement[]): unknown => {
    try {
      mergeFromText(schema, into, textOf(some, 0), { registry: types?.extensionTypes.registry });
      return undefined;
    } catch (error) {
      return error;
    }
  };
  const error = set(target, statements);
  if (error === undefined) return [];
  // Which of them it was: the first that fails alone; or none does, and the last collides with one before it.
  const culprit =
    statements.find((statement) => set(clone(schema, target), [statement]) !== undefined) ?? statements.at(-1);
  const message = `${nameOf(culprit?.parts ?? [])}: ${error instanceof Error ? error.message : error}${fieldsHint(culprit, schema, types)}`;
  const position = culprit?.position ?? file.source.positionOf(file.proto);
  return [{ position, subject: subjectOf({ fullName: scope, file }), message }];
}

/** For a name that is no field of the option: the fields there are. */
function fieldsHint(
  statement: OptionStatement | undefined,
  schema: DescMessage,
  types: LinkedSchema | undefined,
): string {
  const [first, ...path] = statement?.parts ?? [];
  const message = first?.isExtension ? types?.extensionTypes.registry.getExtension(first.name)?.message : schema;
  if (message === undefined || statement === undefined) return '';
  const inner = message.fields.flatMap((field) => (field.fieldKind === 'message' ? field.message.fields : []));
  const known = new Set([...message.fields, ...inner].map(({ name }) => name));
  const withoutStrings = statement.text.replaceAll(/"[^"]*"|'[^']*'/g, '');
  const written = [...withoutStrings.matchAll(/([A-Za-z_]\w*)\s*[:{<]/g)].map(([, name = '']) => name);
  const steps = [...(first?.isExtension ? [] : [first]), ...path].map((part) => part?.name ?? '');
  if ([...steps, ...written].every((name) => known.has(name))) return '';
  return `; ${message.typeName} has ${message.fields.map(({ name }) => name).join(', ')}`;
}

/** Statements in text format, those that share the beginning of their names in one block. */
function textOf(statements: readonly OptionStatement[], depth: number): string {
  const blocks = new Map<string, OptionStatement[]>();
  const lines: string[] = [];
  for (const statement of statements) {
    const part = statement.parts[depth];
    const name = part?.isExtension ? `[${part.name}]` : (part?.name ?? '');
    if (statement.parts.length === depth + 1) {
      lines.push(`${name}: ${statement.text}`);
      continue;
    }
    const block = blocks.get(name);
    if (block === undefined) blocks.set(name, [statement]);
    else block.push(statement);
  }
  for (const [name, inner] of blocks) lines.push(`${name} {\n${textOf(inner, depth + 1)}\n}`);
  return lines.join('\n');
}

function nameOf(parts: readonly OptionNamePart[]): string {
  const name = parts.map(({ name, isExtension }) => (isExtension ? `(${name})` : name)).join('.');
  return `option ${name}`;
}
