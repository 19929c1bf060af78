import type { MessageDescriptor } from '../schema/descriptors.ts';
import { schemaFromDescriptorSet } from '../schema/load-schema.ts';
import type { Codec } from './codec.ts';
import { CodecError } from './codec-error.ts';
import { createCodec as createSchemaCodec } from './create-codec.ts';

export interface JsonToWireOptions {
  /** Skip unknown JSON keys and enum names instead of refusing them. */
  readonly ignoreUnknown?: boolean;
}

/** JSON and wire bytes of the types of one descriptor set, by full name. Extensions and Any are resolved in the set. */
export interface DescriptorSetCodec {
  /** Throws CodecError on JSON that is not of the type. */
  jsonToWire(type: string, json: string, options?: JsonToWireOptions): Uint8Array;
  /** Throws CodecError on bytes that are not of the type, or have no JSON. */
  wireToJson(type: string, wire: Uint8Array): string;
}

/** A codec for a serialized google.protobuf.FileDescriptorSet. Throws SchemaError when it is none, or a file is missing. */
export function createCodec(descriptorSet: Uint8Array): DescriptorSetCodec {
  const schema = schemaFromDescriptorSet(descriptorSet);
  const strict = createSchemaCodec(schema);
  const lenient = createSchemaCodec(schema, { ignoreUnknown: true });
  const find = (type: string): MessageDescriptor => {
    const message = schema.messages.get(type);
    if (message === undefined)
      throw new CodecError('', `${JSON.stringify(type)} is not a message of the descriptor set`);
    return message;
  };
  return {
    jsonToWire(type, json, options = {}) {
      const codec: Codec = options.ignoreUnknown === true ? lenient : strict;
      // Encoding would put U+FFFD in its place without a word.
      if (/\p{Surrogate}/u.test(json)) throw new CodecError('', 'the text has half of a surrogate pair');
      return codec.messageReader(find(type))(Buffer.from(json, 'utf8'));
    },
    wireToJson(type, wire) {
      return Buffer.from(strict.messageWriter(find(type))(wire)).toString('utf8');
    },
  };
}
