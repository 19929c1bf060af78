import { create } from '@bufbuild/protobuf';
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  MessageOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { jsonNameOf } from './json-name.ts';
import type { ProtoCursor, StatementStart } from './proto-cursor.ts';
import { qualify } from './proto-cursor.ts';
import { escapeBytes } from './proto-string.ts';

const Label = FieldDescriptorProto_Label;
const Type = FieldDescriptorProto_Type;

const scalars: ReadonlyMap<string, FieldDescriptorProto_Type> = new Map([
  ['double', Type.DOUBLE],
  ['float', Type.FLOAT],
  ['int64', Type.INT64],
  ['uint64', Type.UINT64],
  ['int32', Type.INT32],
  ['fixed64', Type.FIXED64],
  ['fixed32', Type.FIXED32],
  ['bool', Type.BOOL],
  ['string', Type.STRING],
  ['bytes', Type.BYTES],
  ['uint32', Type.UINT32],
  ['sfixed32', Type.SFIXED32],
  ['sfixed64', Type.SFIXED64],
  ['sint32', Type.SINT32],
  ['sint64', Type.SINT64],
]);

const labels: ReadonlyMap<string, FieldDescriptorProto_Label> = new Map([
  ['optional', Label.OPTIONAL],
  ['required', Label.REQUIRED],
  ['repeated', Label.REPEATED],
]);

/** A field up to its end: `;`, or the `{` of the group whose message it declares. */
export interface FieldHead {
  readonly field: FieldDescriptorProto;
  readonly group: DescriptorProto | undefined;
  readonly start: StatementStart;
}

/** Where a field or a message stands. */
export interface Surroundings {
  readonly file: FileDescriptorProto;
  /** Full name of the message or package around. */
  readonly scope: string;
  /** Takes the messages declared here, those of groups and maps included. */
  readonly messages: DescriptorProto[];
}

/** `LABEL TYPE NAME = NUMBER [OPTIONS]`; a map field brings its entry message along, into `inside.messages`. */
export function parseField(cursor: ProtoCursor, inside: Surroundings): FieldHead {
  const { start } = cursor;
  const field = create(FieldDescriptorProtoSchema, { label: Label.OPTIONAL });
  const label = labels.get(cursor.lexer.text);
  if (label !== undefined) {
    checkLabel(cursor, inside.file);
    field.label = label;
    if (label === Label.OPTIONAL && inside.file.syntax === 'proto3') field.proto3Optional = true;
    cursor.lexer.next();
  }
  if (cursor.accept('group')) return parseGroup(cursor, field, inside, start);
  const written = cursor.dottedName('the type of a field');
  const map = written === 'map' && cursor.accept('<') ? parseMapTypes(cursor) : undefined;
  if (map === undefined) setType(field, written);
  field.name = cursor.identifier('the name of a field');
  parseNumberAndOptions(cursor, field, inside);
  if (map !== undefined) addMapEntry(cursor, field, map, inside);
  return { field, group: undefined, start };
}

function checkLabel(cursor: ProtoCursor, file: FileDescriptorProto): void {
  const { lexer } = cursor;
  if (lexer.text === 'required' && file.syntax === 'proto3')
    lexer.fail('proto3 has no required fields; remove the word');
  if (lexer.text !== 'repeated' && file.syntax === 'editions') {
    const feature = lexer.text === 'optional' ? 'EXPLICIT' : 'LEGACY_REQUIRED';
    lexer.fail(`editions have no ${lexer.text} label; write [features.field_presence = ${feature}] behind the number`);
  }
}

function setType(field: FieldDescriptorProto, written: string): void {
  const scalar = scalars.get(written);
  if (scalar !== undefined) field.type = scalar;
  else field.typeName = written;
}

function parseNumberAndOptions(cursor: ProtoCursor, field: FieldDescriptorProto, inside: Surroundings): void {
  cursor.expect('=');
  field.number = cursor.integer('a field number');
  field.jsonName = jsonNameOf(field.name);
  cursor.bracketOptions(field, FieldOptionsSchema, qualify(inside.scope, field.name), (name) => {
    if (name !== 'json_name' && name !== 'default') return false;
    cursor.lexer.next();
    cursor.expect('=');
    if (name === 'json_name') field.jsonName = cursor.string('the JSON name in quotes');
    else field.defaultValue = parseDefault(cursor, field);
    return true;
  });
}

function parseGroup(
  cursor: ProtoCursor,
  field: FieldDescriptorProto,
  inside: Surroundings,
  start: StatementStart,
): FieldHead {
  if (inside.file.syntax !== '') {
    cursor.lexer.fail('groups are of proto2 alone; declare a message and a field of its type');
  }
  const group = create(DescriptorProtoSchema, { name: cursor.identifier('the name of a group') });
  field.name = group.name.toLowerCase();
  field.type = Type.GROUP;
  field.typeName = group.name;
  parseNumberAndOptions(cursor, field, inside);
  return { field, group, start };
}

interface MapTypes {
  readonly key: string;
  readonly value: string;
}

const keyTypes = new Set([...scalars.keys()].filter((name) => !['double', 'float', 'bytes'].includes(name)));

function parseMapTypes(cursor: ProtoCursor): MapTypes {
  if (!keyTypes.has(cursor.lexer.text)) {
    cursor.lexer.fail(`the key of a map is an integer type, bool or string, not ${cursor.lexer.text}`);
  }
  const key = cursor.identifier('the type of the keys');
  cursor.expect(',');
  const value = cursor.dottedName('the type of the values');
  cursor.expect('>');
  return { key, value };
}

/** `map<K, V> name` stands in descriptors as a repeated field of a message NameEntry { K key = 1; V value = 2; }. */
function addMapEntry(cursor: ProtoCursor, field: FieldDescriptorProto, map: MapTypes, inside: Surroundings): void {
  const entry = create(DescriptorProtoSchema, {
    name: `${field.name.replaceAll(/(?:^_*|_+)([^_]?)/g, (_, letter: string) => letter.toUpperCase())}Entry`,
    options: create(MessageOptionsSchema, { mapEntry: true }),
  });
  const features = field.options && cursor.pendingOf(field, FieldOptionsSchema, '').statements;
  for (const [index, name] of (['key', 'value'] as const).entries()) {
    const member = create(FieldDescriptorProtoSchema, {
      name,
      jsonName: name,
      number: index + 1,
      label: Label.OPTIONAL,
    });
    setType(member, map[name]);
    // utf8_validation of a map field is meant for its keys and values.
    const own = member.type === Type.STRING && features?.filter(({ parts }) => parts[1]?.name === 'utf8_validation');
    if (own && own.length > 0) cursor.pendingOf(member, FieldOptionsSchema, inside.scope).statements.push(...own);
    entry.field.push(member);
  }
  inside.messages.push(entry);
  field.label = Label.REPEATED;
  field.type = Type.MESSAGE;
  field.typeName = entry.name;
}

/** The value of `default` in the form that descriptors hold: numbers in decimals, bytes escaped, strings plain. */
function parseDefault(cursor: ProtoCursor, field: FieldDescriptorProto): string {
  if (field.typeName === '' && field.type === Type.STRING) return cursor.string('the default in quotes');
  if (field.typeName === '' && field.type === Type.BYTES) return escapeBytes(cursor.bytes('the default in quotes'));
  const sign = cursor.accept('-') ? '-' : '';
  const { kind, text } = cursor.lexer;
  if (kind === 'string' || kind === 'symbol') cursor.lexer.fail(`expected the default value, ${cursor.found}`);
  cursor.lexer.next();
  if (kind === 'identifier') return sign + text;
  const isFloat = field.typeName === '' && (field.type === Type.DOUBLE || field.type === Type.FLOAT);
  if (isFloat) return floatText(Number(sign + text.replace(/f$/i, '')), field.type === Type.FLOAT ? 6 : 15);
  if (kind === 'float') cursor.lexer.fail(`expected a whole number as default, ${cursor.found}`);
  return (sign === '' ? BigInt(octal(text)) : -BigInt(octal(text))).toString();
}

const octal = (text: string): string => (/^0\d/.test(text) ? `0o${text.slice(1)}` : text);

/** As C's %g prints it: an exponent below 1e-4 and from 1e15 (1e6 for float) on, of two digits at least. */
function floatText(value: number, precision: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (Object.is(value, -0)) return '-0';
  if (power >= -4 && power < precision) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
