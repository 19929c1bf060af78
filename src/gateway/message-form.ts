/**
 * The messages of one call between the form in which its client writes them and protobuf: JSON read and written, gzip undone and done.
 */
import type { Codec, JsonReader, JsonWriter } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Dialect, Payload } from '../transcode/rpc/dialect.ts';
import { gunzip, gzip } from './gzip.ts';

export interface MessageForm {
  /** A request message as protobuf. Rejects with StatusError. */
  read(payload: Payload): Promise<Uint8Array>;
  /** A reply message as the client wants it. Rejects with INTERNAL when the upstream's bytes are no such message. */
  write(message: Uint8Array): Promise<Payload>;
}

/** Below it gzip saves nothing worth its time. */
const MIN_GZIP_BYTES = 1024;

/** The form of one call's messages; `maxBytes` bounds a request message, inflated. */
export function messageForm(method: MethodDescriptor, dialect: Dialect, codec: Codec, maxBytes: number): MessageForm {
  const isJson = dialect.codec === 'json';
  const fromJson = isJson ? codec.messageReader(method.input) : undefined;
  const toJson = isJson ? codec.messageWriter(method.output) : undefined;
  return {
    async read({ bytes, isCompressed }) {
      if (isCompressed && !dialect.mayBeCompressed) {
        throw new StatusError(GrpcCode.INTERNAL, 'a message is compressed, but the request does not say how');
      }
      const message = isCompressed ? await gunzip(bytes, maxBytes) : bytes;
      return fromJson === undefined ? message : readJson(fromJson, message);
    },
    async write(message) {
      const bytes = toJson === undefined ? message : writeJson(toJson, message);
      const isCompressed = dialect.acceptsGzip && bytes.length >= MIN_GZIP_BYTES;
      return { bytes: isCompressed ? await gzip(bytes) : bytes, isCompressed };
    },
  };
}

function readJson(read: JsonReader, json: Uint8Array): Uint8Array {
  try {
    return read(json);
  } catch (error) {
    if (error instanceof CodecError) throw StatusError.invalidField(error.path, error.description, error);
    throw error;
  }
}

function writeJson(write: JsonWriter, message: Uint8Array): Uint8Array {
  try {
    return write(message);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new StatusError(GrpcCode.INTERNAL, `the upstream's reply cannot be rendered: ${error.message}`, {
      cause: error,
    });
  }
}
