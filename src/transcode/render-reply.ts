/**
 * @module One reply message to an HTTP answer: JSON, raw HttpBody bytes, or protobuf where the client asks for it.
 */
import type { Codec, JsonWriter } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import { Indenter } from '../codec/indent-json.ts';
import type { Binding } from '../routing/binding.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { WireFormatError } from '../wire/fragment.ts';
import { decodeHttpBody, decodeHttpBodyField, isRawReply, type RawBody, UNKNOWN_TYPE } from './http-body.ts';
import { preferredType } from './media-type.ts';
import type { TranscodeOptions } from './options.ts';
import type { SystemParameters } from './system-parameters.ts';

export interface ReplyBody {
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface PiecedReply {
  readonly contentType: string;
  readonly pieces: Iterable<Uint8Array>;
}

/** Renders the replies of one request as it asked for them. Throws INTERNAL when the upstream's bytes are no such message. */
export interface ReplyRenderer {
  /** The whole answer of a call with one reply. */
  render(message: Uint8Array): ReplyBody;
  /** The same in pieces, for a message so large that its whole answer beside it would count; undefined for all others. */
  renderLarge(message: Uint8Array): PiecedReply | undefined;
  /** JSON of one message of a stream. */
  json(message: Uint8Array): Uint8Array;
}

/** What a request says of its answer. */
export interface ReplyWishes {
  readonly accept: string | undefined;
  readonly system: SystemParameters;
  /** False where a line break ends a message. */
  readonly isIndentable: boolean;
}

/** The renderer for one request. Throws INVALID_ARGUMENT when it asks for fields that the reply has not. */
export type RendererChoice = (wishes: ReplyWishes) => ReplyRenderer;

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPES = ['application/x-protobuf', 'application/protobuf'] as const;
const OFFERS = [JSON_TYPE, ...PROTOBUF_TYPES] as const;
const PRETTY_INDENT = 2;
/** Messages over the default of `limits.replyBytes`: for smaller ones, converting twice costs more than memory. */
const LARGE_BYTES = 4 * 1024 * 1024;

export function compileReplyRenderer(binding: Binding, codec: Codec, { indent }: TranscodeOptions): RendererChoice {
  const { method, responseBody } = binding;
  const raw = compileRaw(binding);
  const write = responseBody === undefined ? codec.messageWriter(method.output) : codec.fieldWriter(responseBody);
  return ({ accept, system, isIndentable }) => {
    const writer = system.fields === undefined ? write : filteredWriter(binding, codec, system.fields);
    const spaces = isIndentable ? indentOf(system.prettyPrint, indent) : 0;
    const json = (message: Uint8Array): Uint8Array => {
      const text = blamingUpstream(writer, message);
      return spaces === 0 ? text : new Indenter(spaces).indent(text);
    };
    // Only a whole message has a protobuf form of its own.
    const isWhole = writer === write && responseBody === undefined;
    const typeOf = (): string | undefined => (isWhole ? preferredType(accept, OFFERS) : JSON_TYPE);
    const render = (message: Uint8Array): ReplyBody => {
      if (raw !== undefined) {
        const { contentType, data } = raw(message);
        return { contentType: contentType || UNKNOWN_TYPE, body: data };
      }
      const type = typeOf();
      if (type === undefined || type === JSON_TYPE) return { contentType: JSON_TYPE, body: json(message) };
      return { contentType: type, body: message };
    };
    const renderLarge = (message: Uint8Array): PiecedReply | undefined => {
      if (message.length < LARGE_BYTES || raw !== undefined || (typeOf() ?? JSON_TYPE) !== JSON_TYPE) return undefined;
      const pieces = writer.pieces(message);
      return pieces && { contentType: JSON_TYPE, pieces: spaces === 0 ? pieces : indented(pieces, spaces) };
    };
    return { render, renderLarge, json };
  };
}

function* indented(pieces: Iterable<Uint8Array>, spaces: number): Generator<Uint8Array> {
  const indenter = new Indenter(spaces);
  for (const piece of pieces) yield indenter.indent(piece);
}

function indentOf(prettyPrint: boolean | undefined, configured: number): number {
  if (prettyPrint === undefined) return configured;
  return prettyPrint ? configured || PRETTY_INDENT : 0;
}

/** For `$fields=name,author.born`: a reply that holds these alone. */
function filteredWriter(binding: Binding, codec: Codec, fields: string): JsonWriter {
  const { method, responseBody } = binding;
  if (responseBody !== undefined || isRawReply(binding)) {
    throw StatusError.invalidField('fields', `the answer of ${method.fullName} is not a message with fields here`);
  }
  try {
    return codec.filteredWriter(method.output, fields.split(','));
  } catch (error) {
    if (error instanceof CodecError) throw StatusError.invalidField('fields', error.message, error);
    throw error;
  }
}

function compileRaw(binding: Binding): ((message: Uint8Array) => RawBody) | undefined {
  const { responseBody } = binding;
  if (!isRawReply(binding)) return undefined;
  const decode = responseBody ? (wire: Uint8Array) => decodeHttpBodyField(responseBody, wire) : decodeHttpBody;
  return (message) => blamingUpstream(decode, message);
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
