import { create } from '@bufbuild/protobuf';
import type { FileDescriptorProto, ServiceDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  Edition,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  ServiceDescriptorProtoSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import type { SourcePosition } from './descriptors.ts';
import type { PendingOptions } from './proto-cursor.ts';
import { ProtoCursor, qualify } from './proto-cursor.ts';
import { parseEnum, parseVisibility } from './proto-enum.ts';
import { parseExtend, parseMessage } from './proto-message.ts';
import { SourceMap } from './source-map.ts';

/** A proto file as read: names not yet resolved, options not yet set. */
export interface ParsedProto {
  readonly proto: FileDescriptorProto;
  readonly source: SourceMap;
  readonly pending: readonly PendingOptions[];
  readonly importPositions: ReadonlyMap<string, SourcePosition>;
}

/** What the statements of a file's top level share. */
interface FileState {
  readonly cursor: ProtoCursor;
  readonly proto: FileDescriptorProto;
  readonly importPositions: Map<string, SourcePosition>;
}

/**
 * Reads proto text (proto2, proto3, editions) into the FileDescriptorProto that protoc would write, but for what needs
 * other files: type names stay as written, options stay pending. Throws a SchemaError at the first syntax error.
 *
 * `name` is the import path, `file` what messages call it. The grammar:
 * https://protobuf.dev/reference/protobuf/edition-2024-spec/
 */
export function parseProto(source: string, name: string, file: string): ParsedProto {
  const cursor = new ProtoCursor(source, file);
  const proto = create(FileDescriptorProtoSchema, { name });
  const state: FileState = { cursor, proto, importPositions: new Map() };
  parseSyntax(state);
  while (cursor.lexer.kind !== 'end') parseTopLevel(state);
  const { locations, pending } = cursor;
  return { proto, pending, importPositions: state.importPositions, source: new SourceMap(file, () => locations) };
}

const editions: ReadonlyMap<string, Edition> = new Map([
  ['2023', Edition.EDITION_2023],
  ['2024', Edition.EDITION_2024],
  ['2026', Edition.EDITION_2026],
]);

function parseSyntax({ cursor, proto }: FileState): void {
  const isEdition = cursor.is('edition');
  if (!isEdition && !cursor.is('syntax')) return;
  cursor.lexer.next();
  cursor.expect('=');
  const { lexer } = cursor;
  const written = lexer.text;
  const fail = (expected: string): never => lexer.fail(`${written} is not known; write ${expected}`);
  const value = lexer.kind === 'string' ? lexer.text.slice(1, -1) : '';
  if (isEdition) {
    proto.edition = editions.get(value) ?? fail(`edition = "2023" or another of ${[...editions.keys()].join(', ')}`);
    proto.syntax = 'editions';
  } else if (value === 'proto3') proto.syntax = value;
  else if (value !== 'proto2') fail('syntax = "proto3" or "proto2"');
  lexer.next();
  cursor.endOfDeclaration(';');
}

function parseTopLevel(state: FileState): void {
  const { cursor, proto } = state;
  if (cursor.is(';')) cursor.endOfDeclaration(';');
  else if (cursor.is('package')) parsePackage(state);
  else if (cursor.is('import')) parseImport(state);
  else if (cursor.is('option')) cursor.optionStatement(proto, FileOptionsSchema, proto.package);
  else if (cursor.is('service')) proto.service.push(parseService(cursor, proto));
  else if (cursor.is('extend')) {
    parseExtend(cursor, proto, { file: proto, scope: proto.package, messages: proto.messageType });
  } else parseType(cursor, proto);
}

function parseType(cursor: ProtoCursor, proto: FileDescriptorProto): void {
  const visibility = parseVisibility(cursor);
  if (cursor.is('message'))
    parseMessage(cursor, { file: proto, scope: proto.package, messages: proto.messageType }, visibility);
  else if (cursor.is('enum')) proto.enumType.push(parseEnum(cursor, proto.package, visibility));
  else {
    cursor.lexer.fail(`expected message, enum, service, extend, import, package or option, ${cursor.found}`);
  }
}

function parsePackage({ cursor, proto }: FileState): void {
  const { start } = cursor;
  if (proto.package !== '') cursor.lexer.fail('a file has one package statement; this is a second one');
  cursor.expect('package');
  proto.package = cursor.dottedName('a package name');
  cursor.endOfDeclaration(';', proto, start);
}

function parseImport({ cursor, proto, importPositions }: FileState): void {
  const { position } = cursor.lexer;
  cursor.expect('import');
  const isPublic = cursor.accept('public');
  const isWeak = !isPublic && cursor.accept('weak');
  const isOption = !isPublic && !isWeak && cursor.accept('option');
  const path = cursor.string('the path of the file to import, in quotes');
  cursor.endOfDeclaration(';');
  importPositions.set(path, position);
  if (isOption) {
    proto.optionDependency.push(path);
    return;
  }
  if (isPublic) proto.publicDependency.push(proto.dependency.length);
  if (isWeak) proto.weakDependency.push(proto.dependency.length);
  proto.dependency.push(path);
}

function parseService(cursor: ProtoCursor, file: FileDescriptorProto): ServiceDescriptorProto {
  const { start } = cursor;
  cursor.expect('service');
  const service = create(ServiceDescriptorProtoSchema, { name: cursor.identifier('the name of a service') });
  const scope = qualify(file.package, service.name);
  cursor.endOfDeclaration('{', service, start);
  while (!cursor.endOfBlock()) {
    if (cursor.is(';')) cursor.endOfDeclaration(';');
    else if (cursor.is('option')) cursor.optionStatement(service, ServiceOptionsSchema, scope);
    else if (cursor.is('rpc')) parseMethod(cursor, service, scope);
    else cursor.lexer.fail(`expected rpc, option or "}", ${cursor.found}`);
  }
  return service;
}

function parseMethod(cursor: ProtoCursor, service: ServiceDescriptorProto, scope: string): void {
  const { start } = cursor;
  cursor.expect('rpc');
  const method = create(MethodDescriptorProtoSchema, { name: cursor.identifier('the name of a method') });
  service.method.push(method);
  const messageType = (): { isStream: boolean; typeName: string } => {
    cursor.expect('(');
    const isStream = cursor.accept('stream');
    const typeName = cursor.dottedName('a message type');
    cursor.expect(')');
    return { isStream, typeName };
  };
  const input = messageType();
  cursor.expect('returns');
  const output = messageType();
  method.inputType = input.typeName;
  method.outputType = output.typeName;
  if (input.isStream) method.clientStreaming = true;
  if (output.isStream) method.serverStreaming = true;
  const hasBody = cursor.is('{');
  cursor.endOfDeclaration(hasBody ? '{' : ';', method, start);
  while (hasBody && !cursor.endOfBlock()) {
    if (cursor.is(';')) cursor.endOfDeclaration(';');
    else cursor.optionStatement(method, MethodOptionsSchema, qualify(scope, method.name));
  }
}
