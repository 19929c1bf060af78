/** The test protos of the codec and what all its tests do with them. */
import { readFileSync } from 'node:fs';
import type { Codec, CodecOptions } from '../../../src/codec/codec.ts';
import { createCodec } from '../../../src/codec/create-codec.ts';
import type { FieldDescriptor, MessageDescriptor } from '../../../src/schema/descriptors.ts';
import { loadSchema } from '../../../src/schema/load-schema.ts';

const names = ['mapping', 'legacy', 'edition'];

export const { schema } = await loadSchema({ protos: names.map((name) => `test/protos/codec/${name}.proto`) });

export const codecOf = (options?: CodecOptions): Codec => createCodec(schema, options);

/** A message by its name, looked for in the three packages. */
export function typeOf(name: string): MessageDescriptor {
  const found =
    schema.messages.get(name) ??
    ['v1', 'v2', 'v3'].map((v) => schema.messages.get(`tandem.codec.${v}.${name}`)).find(Boolean);
  if (found === undefined) throw new Error(`no message ${name}`);
  return found;
}

/** The fields of a path in proto names. */
export function fieldsOf(type: MessageDescriptor, path: string): FieldDescriptor[] {
  let message: MessageDescriptor | undefined = type;
  return path.split('.').map((name) => {
    const field: FieldDescriptor | undefined = message?.fieldsByName.get(name);
    if (field === undefined) throw new Error(`no field ${path}`);
    message = field.type.kind === 'message' ? field.type.message : undefined;
    return field;
  });
}

export function toWire(codec: Codec, type: string, json: string | Uint8Array): Buffer {
  return Buffer.from(codec.messageReader(typeOf(type))(typeof json === 'string' ? Buffer.from(json) : json));
}

export function toJson(codec: Codec, type: string, wire: Uint8Array): string {
  return Buffer.from(codec.messageWriter(typeOf(type))(wire)).toString('utf8');
}

/** The rows of a table in test/cases/json-mapping. */
export function rows<Row>(table: string): readonly Row[] {
  return JSON.parse(readFileSync(`test/cases/json-mapping/${table}.json`, 'utf8')) as Row[];
}
