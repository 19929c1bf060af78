import type { Described, FieldDescriptor, FieldType, Options, Schema } from '../../../src/schema/descriptors.ts';

/**
 * All that a schema says of the elements whose names `isWanted`, by full name: two loaders agree when these are equal.
 */
export function snapshot(schema: Schema, isWanted: (name: string) => boolean): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  for (const file of schema.files.values()) {
    const { name, syntax, comment, imports, options } = file;
    rows.set(`file ${name}`, {
      package: file.package,
      syntax,
      comment,
      imports: imports.map((each) => each.name),
      options: valuesOf(options),
    });
  }
  for (const message of schema.messages.values()) {
    const { isMapEntry, isMessageSet, oneofs, fields } = message;
    rows.set(message.fullName, {
      ...described(message),
      isMapEntry,
      isMessageSet,
      oneofs: oneofs.map((oneof) => ({ ...described(oneof), fields: oneof.fields.map(({ name }) => name) })),
      fields: fields.map(fieldRow),
    });
  }
  for (const type of schema.enums.values()) {
    const values = type.values.map((value) => ({ ...described(value), number: value.number }));
    rows.set(type.fullName, { ...described(type), isClosed: type.isClosed, values });
  }
  for (const service of schema.services.values()) rows.set(service.fullName, described(service));
  for (const method of schema.methods.values()) {
    const { input, output, isClientStreaming, isServerStreaming, idempotency, path } = method;
    const types = { input: input.fullName, output: output.fullName };
    rows.set(method.fullName, {
      ...described(method),
      ...types,
      isClientStreaming,
      isServerStreaming,
      idempotency,
      path,
    });
  }
  for (const extension of schema.extensions.values()) rows.set(extension.fullName, fieldRow(extension));
  return new Map([...rows].filter(([name]) => isWanted(name.replace('file ', ''))));
}

function fieldRow(field: FieldDescriptor): object {
  const { number, jsonName, isRepeated, isDelimited, isPacked, hasPresence, isRequired, isUtf8Verified } = field;
  return {
    ...described(field),
    ...{ number, jsonName, isRepeated, isDelimited, isPacked, hasPresence, isRequired, isUtf8Verified },
    type: typeName(field.type),
    map: field.map && [field.map.key.fullName, field.map.value.fullName],
    oneof: field.oneof?.fullName,
    default: field.defaultValue,
    parent: field.parent.fullName,
  };
}

function described({ fullName, comment, isDeprecated, position: { line, column }, options }: Described): object {
  return { fullName, comment, isDeprecated, line, column, options: valuesOf(options) };
}

function valuesOf(options: Options): object {
  return Object.fromEntries([...options.names].sort().map((name) => [name, options.get(name)]));
}

function typeName(type: FieldType): string {
  if (type.kind === 'scalar') return type.scalar;
  return type.kind === 'enum' ? type.enum.fullName : type.message.fullName;
}
