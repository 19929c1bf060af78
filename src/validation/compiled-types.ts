import { create, createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { FieldDescriptor, FileDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';

/** The types that `fields` leads to, each before those that lead to it where they do not lead to each other. */
export function reachableTypes(
  roots: Iterable<MessageDescriptor>,
  fieldsOf: (type: MessageDescriptor) => readonly FieldDescriptor[],
): ReadonlySet<MessageDescriptor> {
  const met = new Set<MessageDescriptor>();
  const found = new Set<MessageDescriptor>();
  const visit = (type: MessageDescriptor): void => {
    if (met.has(type)) return;
    met.add(type);
    for (const { type: inner } of fieldsOf(type)) if (inner.kind === 'message') visit(inner.message);
    found.add(type);
  };
  for (const root of roots) visit(root);
  return found;
}

/** Of these types those that lead to one for which `isMeant` holds, and those themselves. */
export function typesLeadingTo(
  types: ReadonlySet<MessageDescriptor>,
  fieldsOf: (type: MessageDescriptor) => readonly FieldDescriptor[],
  isMeant: (type: MessageDescriptor) => boolean,
): ReadonlySet<MessageDescriptor> {
  const found = new Set([...types].filter(isMeant));
  // Types that lead to each other need more than one round.
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const type of types) {
      if (fieldsOf(type).some(({ type: inner }) => inner.kind === 'message' && found.has(inner.message)))
        found.add(type);
    }
  }
  return found;
}

/** These types as @bufbuild/protobuf has them, with all that their files import, and the rules that the schema adds to protovalidate's. */
export function compileTypes(types: Iterable<MessageDescriptor>, { extensions }: Schema): FileRegistry {
  const files = new Set<FileDescriptor>();
  const visit = (file: FileDescriptor): void => {
    if (files.has(file)) return;
    for (const imported of file.imports) visit(imported);
    files.add(file);
  };
  for (const { file } of types) visit(file);
  for (const { file, parent } of extensions.values()) if (parent.fullName.startsWith('buf.validate.')) visit(file);
  const file = [...files].map((each) => fromBinary(FileDescriptorProtoSchema, each.toBytes()));
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}
