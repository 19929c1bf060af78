/**
 * @module The HTTP body to a wire fragment of the request message, as the binding's `body` says.
 */
import type { Codec, JsonReader } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import type { Binding } from '../routing/binding.ts';
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { lengthDelimited, lengthDelimitedFields, WireFormatError } from '../wire/fragment.ts';
import { encodeHttpBody, isHttpBody, isHttpBodyField } from './http-body.ts';
import { bodyFormatOf } from './media-type.ts';
import type { TranscodeOptions } from './options.ts';

/** Throws INVALID_ARGUMENT naming the field, or 415. */
export type BodyBinder = (body: Uint8Array, contentType: string | undefined) => Uint8Array;

const nothing = new Uint8Array();

export function compileBodyBinder(
  { body, method }: Binding,
  codec: Codec,
  { strayBody }: TranscodeOptions,
): BodyBinder {
  switch (body.kind) {
    case 'none':
      return (bytes) => {
        if (bytes.length === 0 || strayBody === 'ignore') return nothing;
        throw StatusError.invalidField(
          '',
          `${method.fullName} takes no body here; send its fields in the path or the query`,
        );
      };
    case 'whole':
      return isHttpBody(method.input) ? bindRaw : compileWholeBinder(method.input, codec);
    case 'field':
      return isHttpBodyField(body.field) ? compileRawFieldBinder(body.field) : compileFieldBinder(body.field, codec);
  }
}

function bindRaw(data: Uint8Array, contentType = ''): Uint8Array {
  return encodeHttpBody({ contentType, data });
}

function compileRawFieldBinder(field: FieldDescriptor): BodyBinder {
  return (data, contentType) => lengthDelimited(field.number, bindRaw(data, contentType));
}

function compileWholeBinder(input: MessageDescriptor, codec: Codec): BodyBinder {
  const read = codec.messageReader(input);
  return (bytes, contentType) => {
    if (bytes.length === 0) return nothing;
    return bodyFormatOf(contentType) === 'json' ? readJson(read, bytes, '') : checkedWire(bytes);
  };
}

function compileFieldBinder(field: FieldDescriptor, codec: Codec): BodyBinder {
  const read = codec.fieldReader(field);
  const isMessage = field.type.kind === 'message' && !field.isRepeated && !field.isDelimited;
  const empty = isMessage ? lengthDelimited(field.number) : nothing;
  return (bytes, contentType) => {
    if (bytes.length === 0) return empty;
    if (bodyFormatOf(contentType) === 'json') return readJson(read, bytes, field.name);
    if (isMessage) return lengthDelimited(field.number, checkedWire(bytes));
    throw new StatusError(
      GrpcCode.INVALID_ARGUMENT,
      `the body is the field ${field.name}, which is no message: send it as application/json`,
      { httpStatus: 415 },
    );
  };
}

/** Reads JSON; errors name the field behind `prefix`. */
export function readJson(read: JsonReader, json: Uint8Array, prefix: string): Uint8Array {
  try {
    return read(json);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw StatusError.invalidField(joinPath(prefix, error.path), error.description, error);
  }
}

/** `tags` and `[1]` → `tags[1]`; `tool` and `name` → `tool.name`. */
function joinPath(prefix: string, path: string): string {
  const needsDot = prefix !== '' && path !== '' && !path.startsWith('[');
  return needsDot ? `${prefix}.${path}` : prefix + path;
}

/** Wire bytes from a client, safe to append to: a last field cut short would swallow what the path binds. */
function checkedWire(bytes: Uint8Array): Uint8Array {
  try {
    lengthDelimitedFields(bytes);
    return bytes;
  } catch (error) {
    if (!(error instanceof WireFormatError)) throw error;
    throw StatusError.invalidField('', `the protobuf body is malformed: ${error.message}`, error);
  }
}
