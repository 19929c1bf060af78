import { create } from '@bufbuild/protobuf';
import type { DescriptorProto, FieldDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  DescriptorProto_ExtensionRangeSchema,
  DescriptorProto_ReservedRangeSchema,
  DescriptorProtoSchema,
  ExtensionRangeOptionsSchema,
  MessageOptionsSchema,
  OneofDescriptorProtoSchema,
  OneofOptionsSchema,
  SymbolVisibility,
} from '@bufbuild/protobuf/wkt';
import type { ProtoCursor } from './proto-cursor.ts';
import { qualify } from './proto-cursor.ts';
import { parseEnum, parseReservedNames, parseVisibility } from './proto-enum.ts';
import type { Surroundings } from './proto-field.ts';
import { parseField } from './proto-field.ts';

const maxFieldNumber = 2 ** 29 - 1;
const maxNesting = 64;

/** A `message` block. */
export function parseMessage(cursor: ProtoCursor, around: Surroundings, visibility: SymbolVisibility): void {
  const { start } = cursor;
  cursor.expect('message');
  const message = create(DescriptorProtoSchema, { name: cursor.identifier('the name of a message') });
  if (visibility !== SymbolVisibility.VISIBILITY_UNSET) message.visibility = visibility;
  around.messages.push(message);
  cursor.endOfDeclaration('{', message, start);
  parseMessageBody(cursor, message, around);
}

function parseMessageBody(cursor: ProtoCursor, message: DescriptorProto, around: Surroundings): void {
  const scope = qualify(around.scope, message.name);
  const inside: Surroundings = { file: around.file, scope, messages: message.nestedType };
  if (scope.split('.').length - around.file.package.split('.').length > maxNesting) {
    cursor.lexer.fail(`messages are nested deeper than ${maxNesting}; declare the inner ones at the top level`);
  }
  while (!cursor.endOfBlock()) parseMember(cursor, message, inside);
  addSyntheticOneofs(message);
}

function parseMember(cursor: ProtoCursor, message: DescriptorProto, inside: Surroundings): void {
  if (cursor.is(';')) cursor.endOfDeclaration(';');
  else if (cursor.is('option')) cursor.optionStatement(message, MessageOptionsSchema, inside.scope);
  else if (cursor.is('oneof')) parseOneof(cursor, message, inside);
  else if (cursor.is('reserved')) parseReserved(cursor, message);
  else if (cursor.is('extensions')) parseExtensionRanges(cursor, message, inside.scope);
  else if (cursor.is('extend')) parseExtend(cursor, message, inside);
  else {
    const visibility =
      cursor.is('export') || cursor.is('local') ? parseVisibility(cursor) : SymbolVisibility.VISIBILITY_UNSET;
    if (cursor.is('message')) parseMessage(cursor, inside, visibility);
    else if (cursor.is('enum')) message.enumType.push(parseEnum(cursor, inside.scope, visibility));
    else message.field.push(parseOneField(cursor, inside));
  }
}

function parseOneField(cursor: ProtoCursor, inside: Surroundings): FieldDescriptorProto {
  const { field, group, start } = parseField(cursor, inside);
  if (group !== undefined) {
    inside.messages.push(group);
    cursor.endOfDeclaration('{', group, start);
    cursor.locations.set(field, { ...start, leading: '', trailing: '' });
    parseMessageBody(cursor, group, inside);
  } else cursor.endOfDeclaration(';', field, start);
  return field;
}

function parseOneof(cursor: ProtoCursor, message: DescriptorProto, inside: Surroundings): void {
  const { start } = cursor;
  cursor.expect('oneof');
  const oneof = create(OneofDescriptorProtoSchema, { name: cursor.identifier('the name of a oneof') });
  const oneofIndex = message.oneofDecl.push(oneof) - 1;
  cursor.endOfDeclaration('{', oneof, start);
  while (!cursor.endOfBlock()) {
    if (cursor.is(';')) cursor.endOfDeclaration(';');
    else if (cursor.is('option')) cursor.optionStatement(oneof, OneofOptionsSchema, qualify(inside.scope, oneof.name));
    else {
      if (['optional', 'required', 'repeated', 'map'].some((label) => cursor.is(label))) {
        cursor.lexer.fail(`a field of a oneof cannot be ${cursor.lexer.text}; remove the word or move the field out`);
      }
      const field = parseOneField(cursor, inside);
      field.oneofIndex = oneofIndex;
      message.field.push(field);
    }
  }
}

/** An `extend` block: extensions of the type it names, declared in a file or a message. */
export function parseExtend(
  cursor: ProtoCursor,
  declaredIn: { readonly extension: FieldDescriptorProto[] },
  inside: Surroundings,
): void {
  cursor.expect('extend');
  const extendee = cursor.dottedName('the message to extend');
  cursor.endOfDeclaration('{');
  while (!cursor.endOfBlock()) {
    if (cursor.is(';')) {
      cursor.endOfDeclaration(';');
      continue;
    }
    const field = parseOneField(cursor, inside);
    field.extendee = extendee;
    declaredIn.extension.push(field);
  }
}

function parseReserved(cursor: ProtoCursor, message: DescriptorProto): void {
  cursor.expect('reserved');
  if (parseReservedNames(cursor, message.reservedName)) return;
  for (const range of parseRanges(cursor))
    message.reservedRange.push(create(DescriptorProto_ReservedRangeSchema, range));
  cursor.endOfDeclaration(';');
}

function parseExtensionRanges(cursor: ProtoCursor, message: DescriptorProto, scope: string): void {
  cursor.expect('extensions');
  const ranges = parseRanges(cursor).map((range) => create(DescriptorProto_ExtensionRangeSchema, range));
  message.extensionRange.push(...ranges);
  const [first, ...others] = ranges;
  if (first !== undefined && cursor.is('[')) {
    cursor.bracketOptions(first, ExtensionRangeOptionsSchema, scope);
    const { statements } = cursor.pendingOf(first, ExtensionRangeOptionsSchema, scope);
    for (const range of others)
      cursor.pendingOf(range, ExtensionRangeOptionsSchema, scope).statements.push(...statements);
  }
  cursor.endOfDeclaration(';');
}

/** `1, 5 to 9, 100 to max`; as in descriptors the end is the number behind the last. */
function parseRanges(cursor: ProtoCursor): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  do {
    const start = cursor.integer('a field number');
    const last = !cursor.accept('to')
      ? start
      : cursor.accept('max')
        ? maxFieldNumber
        : cursor.integer('a field number');
    ranges.push({ start, end: last + 1 });
  } while (cursor.accept(','));
  return ranges;
}

/** proto3's `optional` stands in descriptors as a oneof of its own, behind the declared ones. */
function addSyntheticOneofs(message: DescriptorProto): void {
  const taken = new Set([...message.oneofDecl, ...message.field].map(({ name }) => name));
  for (const field of message.field) {
    if (!field.proto3Optional) continue;
    let name = field.name.startsWith('_') ? field.name : `_${field.name}`;
    while (taken.has(name)) name = `X${name}`;
    taken.add(name);
    field.oneofIndex = message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name })) - 1;
  }
}
