/**
 * @module One reply message to an HTTP answer: JSON, raw HttpBody bytes, or protobuf where the client asks for it.
 */
import type { Codec } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import { indentJson } from '../codec/indent-json.ts';
import type { Binding } from '../routing/binding.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { WireFormatError } from '../wire/fragment.ts';
import { decodeHttpBody, decodeHttpBodyField, isHttpBody, isHttpBodyField, type RawBody } from './http-body.ts';
import { preferredType } from './media-type.ts';
import type { TranscodeOptions } from './options.ts';
import type { SystemParameters } from './system-parameters.ts';

export interface ReplyBody {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** What a message becomes, given what the client asked for. Throws INTERNAL when the upstream's bytes are no such message. */
export interface ReplyRenderer {
  /** The whole answer of a unary call. */
  render(message: Uint8Array, accept: string | undefined, system: SystemParameters): ReplyBody;
  /** JSON of one message of a stream, on one line unless indented. */
  json(message: Uint8Array, system: SystemParameters): Uint8Array;
  /** Set when replies are google.api.HttpBody: they travel as raw bytes, never as JSON. */
  readonly raw: ((message: Uint8Array) => RawBody) | undefined;
}

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPES = ['application/x-protobuf', 'application/protobuf'] as const;
const OFFERS = [JSON_TYPE, ...PROTOBUF_TYPES] as const;
const PRETTY_INDENT = 2;

export function compileReplyRenderer(binding: Binding, codec: Codec, { indent }: TranscodeOptions): ReplyRenderer {
  const { method, responseBody } = binding;
  const raw = compileRaw(binding);
  const write = responseBody === undefined ? codec.messageWriter(method.output) : codec.fieldWriter(responseBody);
  const json: ReplyRenderer['json'] = (message, { prettyPrint }) => {
    const text = blamingUpstream(write, message);
    const spaces = prettyPrint === undefined ? indent : prettyPrint ? indent || PRETTY_INDENT : 0;
    return spaces === 0 ? text : indentJson(text, spaces);
  };
  const render: ReplyRenderer['render'] = (message, accept, system) => {
    if (raw !== undefined) {
      const { contentType, data } = raw(message);
      return { contentType: contentType || 'application/octet-stream', body: data };
    }
    // Only a whole message has a protobuf form of its own.
    const type = responseBody === undefined ? preferredType(accept, OFFERS) : JSON_TYPE;
    if (type === undefined || type === JSON_TYPE) return { contentType: JSON_TYPE, body: json(message, system) };
    return { contentType: type, body: message };
  };
  return { render, json, raw };
}

function compileRaw({ method, responseBody }: Binding): ReplyRenderer['raw'] {
  if (responseBody === undefined) {
    return isHttpBody(method.output) ? (message) => blamingUpstream(decodeHttpBody, message) : undefined;
  }
  if (!isHttpBodyField(responseBody)) return undefined;
  return (message) => blamingUpstream((wire) => decodeHttpBodyField(responseBody, wire), message);
}

function blamingUpstream<T>(read: (message: Uint8Array) => T, message: Uint8Array): T {
  try {
    return read(message);
  } catch (error) {
    if (!(error instanceof CodecError || error instanceof WireFormatError)) throw error;
    throw new StatusError(GrpcCode.INTERNAL, `the upstream's reply cannot be rendered: ${error.message}`, {
      cause: error,
      httpStatus: 502,
    });
  }
}
