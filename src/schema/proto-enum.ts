import { create } from '@bufbuild/protobuf';
import type { EnumDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  EnumDescriptorProto_EnumReservedRangeSchema,
  EnumDescriptorProtoSchema,
  EnumOptionsSchema,
  EnumValueDescriptorProtoSchema,
  EnumValueOptionsSchema,
  SymbolVisibility,
} from '@bufbuild/protobuf/wkt';
import type { ProtoCursor } from './proto-cursor.ts';
import { qualify } from './proto-cursor.ts';

/** `export` or `local` before a message or an enum, since edition 2024. */
export function parseVisibility(cursor: ProtoCursor): SymbolVisibility {
  if (cursor.accept('export')) return SymbolVisibility.VISIBILITY_EXPORT;
  return cursor.accept('local') ? SymbolVisibility.VISIBILITY_LOCAL : SymbolVisibility.VISIBILITY_UNSET;
}

/** An `enum` block with its values, options and reserved ranges. */
export function parseEnum(cursor: ProtoCursor, scope: string, visibility: SymbolVisibility): EnumDescriptorProto {
  const { start } = cursor;
  cursor.expect('enum');
  const type = create(EnumDescriptorProtoSchema, { name: cursor.identifier('the name of an enum') });
  if (visibility !== SymbolVisibility.VISIBILITY_UNSET) type.visibility = visibility;
  cursor.endOfDeclaration('{', type, start);
  while (!cursor.endOfBlock()) {
    if (cursor.is(';')) cursor.endOfDeclaration(';');
    else if (cursor.is('option')) cursor.optionStatement(type, EnumOptionsSchema, qualify(scope, type.name));
    else if (cursor.is('reserved')) parseEnumReserved(cursor, type);
    else parseEnumValue(cursor, type, scope);
  }
  return type;
}

function parseEnumReserved(cursor: ProtoCursor, type: EnumDescriptorProto): void {
  cursor.expect('reserved');
  if (parseReservedNames(cursor, type.reservedName)) return;
  do {
    const first = cursor.integer('a reserved number');
    const last = !cursor.accept('to')
      ? first
      : cursor.accept('max')
        ? 2 ** 31 - 1
        : cursor.integer('a reserved number');
    type.reservedRange.push(create(EnumDescriptorProto_EnumReservedRangeSchema, { start: first, end: last }));
  } while (cursor.accept(','));
  cursor.endOfDeclaration(';');
}

function parseEnumValue(cursor: ProtoCursor, type: EnumDescriptorProto, scope: string): void {
  const { start } = cursor;
  const value = create(EnumValueDescriptorProtoSchema, { name: cursor.identifier('the name of an enum value') });
  cursor.expect('=');
  value.number = cursor.integer('the number of an enum value');
  type.value.push(value);
  cursor.bracketOptions(value, EnumValueOptionsSchema, qualify(scope, value.name));
  cursor.endOfDeclaration(';', value, start);
}

/**
 * `reserved "a", "b";` or, in editions, `reserved a, b;`. False, with nothing read but the keyword, when numbers are
 * reserved.
 */
export function parseReservedNames(cursor: ProtoCursor, names: string[]): boolean {
  if (cursor.lexer.kind !== 'string' && cursor.lexer.kind !== 'identifier') return false;
  do {
    names.push(
      cursor.lexer.kind === 'string' ? cursor.string('a reserved name') : cursor.identifier('a reserved name'),
    );
  } while (cursor.accept(','));
  cursor.endOfDeclaration(';');
  return true;
}
