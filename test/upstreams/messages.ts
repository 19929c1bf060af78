/**
 * Messages of a schema between JSON and wire bytes by @bufbuild/protobuf: a second implementation beside our codec.
 */
import assert from 'node:assert/strict';
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { FileDescriptor, Schema } from '../../src/schema/descriptors.ts';

export interface Messages {
  /** Full name of a method's request type, of `package.Service/Method`. */
  inputOf(method: string): string;
  outputOf(method: string): string;
  toWire(type: string, json: unknown): Uint8Array;
  toJson(type: string, wire: Uint8Array): unknown;
  /** What clients generated from protos are made of. */
  readonly registry: FileRegistry;
}

export function createMessages(schema: Schema): Messages {
  const file = importsFirst(schema).map((each) => fromBinary(FileDescriptorProtoSchema, each.toBytes()));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
  const typeOf = (name: string): DescMessage => {
    const type = registry.getMessage(name);
    assert.ok(type, `no message ${name}`);
    return type;
  };
  const methodOf = (method: string) => {
    const found = schema.methods.get(method.replace('/', '.'));
    assert.ok(found, `no method ${method}`);
    return found;
  };
  return {
    registry,
    inputOf: (method) => methodOf(method).input.fullName,
    outputOf: (method) => methodOf(method).output.fullName,
    toWire: (name, json) => toBinary(typeOf(name), fromJson(typeOf(name), json as JsonValue, { registry })),
    toJson: (name, wire) => toJson(typeOf(name), fromBinary(typeOf(name), wire), { registry }),
  };
}

/** Every file behind those it imports, as a FileDescriptorSet has them. */
function importsFirst(schema: Schema): readonly FileDescriptor[] {
  const ordered = new Set<FileDescriptor>();
  const visit = (file: FileDescriptor): void => {
    if (ordered.has(file)) return;
    for (const each of file.imports) visit(each);
    ordered.add(file);
  };
  for (const file of schema.files.values()) visit(file);
  return [...ordered];
}
