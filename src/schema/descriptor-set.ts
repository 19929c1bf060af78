import { fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { jsonNameOf } from './json-name.ts';
import type { SchemaFile } from './linked-element.ts';
import { SchemaError } from './problem.ts';
import { readSourceInfo, SourceMap } from './source-map.ts';

const fileField = 1;
const sourceInfoField = 9;

/** How to write what was expected, for messages. */
const remedy =
  'write one with: protoc --include_imports --include_source_info --descriptor_set_out=FILE, or: buf build -o FILE.binpb';

/** The files of a serialized google.protobuf.FileDescriptorSet. `name` is what messages call it. Throws SchemaError. */
export function readDescriptorSet(bytes: Uint8Array, name: string): SchemaFile[] {
  const fail = (message: string): never => {
    throw new SchemaError([{ position: { file: name, line: 0, column: 0 }, subject: '', message }]);
  };
  const files: Uint8Array[] = [];
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field !== fileField || wireType !== WireType.LengthDelimited) return fail(`not a descriptor set; ${remedy}`);
      files.push(reader.bytes());
    }
  } catch {
    return fail(`not a binary descriptor set, or cut off; ${remedy}`);
  }
  if (files.length === 0) return fail(`holds no files; ${remedy}`);
  return files.map((file) => readFileDescriptor(file, name));
}

/**
 * A file from the bytes of its FileDescriptorProto. Its source info stays bytes until somebody asks for a comment: it
 * is four fifths of a set and would cost most of the time. `origin` is what messages call the place the bytes came
 * from.
 */
export function readFileDescriptor(bytes: Uint8Array, origin: string): SchemaFile {
  try {
    const { rest, sourceInfos } = splitSourceInfo(bytes);
    const proto = fromBinary(FileDescriptorProtoSchema, rest);
    if (proto.name === '') throw new Error('it has no name');
    checkNames(proto);
    proto.messageType.forEach(fillJsonNames);
    const readSource = (): ReturnType<typeof readSourceInfo> => {
      try {
        return readSourceInfo(proto, sourceInfos);
      } catch (error) {
        throw damage(origin, `the source info of ${proto.name} is damaged`, error);
      }
    };
    return { proto, bytes: rest, source: new SourceMap(proto.name, readSource) };
  } catch (error) {
    throw damage(origin, 'holds a file that is not a FileDescriptorProto', error);
  }
}

function damage(origin: string, what: string, cause: unknown): SchemaError {
  const message = `${what} (${cause instanceof Error ? cause.message : cause}); ${remedy}`;
  return new SchemaError([{ position: { file: origin, line: 0, column: 0 }, subject: '', message }]);
}

/** No compiler lets anything but identifiers through, but descriptors can be made by hand. */
function checkNames({ package: own, messageType, enumType, extension, service }: FileDescriptorProto): void {
  const check = (elements: readonly { readonly name: string }[]): void => {
    const wrong = elements.find(({ name }) => !/^\w+$/.test(name));
    if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong.name)} is not an identifier`);
  };
  const checkEnums = (types: readonly EnumDescriptorProto[]): void => {
    check(types);
    for (const { value } of types) check(value);
  };
  const checkMessages = (messages: readonly DescriptorProto[]): void => {
    check(messages);
    for (const message of messages) {
      check([...message.field, ...message.oneofDecl, ...message.extension]);
      checkEnums(message.enumType);
      checkMessages(message.nestedType);
    }
  };
  if (own !== '') check(own.split('.').map((name) => ({ name })));
  checkMessages(messageType);
  checkEnums(enumType);
  check([...extension, ...service, ...service.flatMap(({ method }) => method)]);
}

/** Code generators leave them out, and so does the reflection of servers that answer from generated code, such as Python's. */
function fillJsonNames({ field: fields, nestedType }: DescriptorProto): void {
  for (const field of fields) if (field.jsonName === '') field.jsonName = jsonNameOf(field.name);
  nestedType.forEach(fillJsonNames);
}

function splitSourceInfo(bytes: Uint8Array): { rest: Uint8Array; sourceInfos: Uint8Array[] } {
  const reader = new BinaryReader(bytes);
  const sourceInfos: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  for (let start = 0; reader.pos < reader.len; start = reader.pos) {
    const [field, wireType] = reader.tag();
    if (field === sourceInfoField && wireType === WireType.LengthDelimited) sourceInfos.push(reader.bytes());
    else {
      reader.skip(wireType, field);
      others.push(bytes.subarray(start, reader.pos));
    }
  }
  return { rest: sourceInfos.length === 0 ? bytes : Buffer.concat(others), sourceInfos };
}
