/**
 * @module The request messages of a client stream: one for each JSON value of the body, or for each piece of an upload. The path and the
 * query go into the first message, as an upstream that reads a stream expects of what stands above all of it.
 */
import type { Codec } from '../codec/codec.ts';
import type { Binding } from '../routing/binding.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { compileBodyBinder } from './bind-body.ts';
import { compileHeadBinder } from './bind-request.ts';
import { type HttpRequest, headerText } from './exchange.ts';
import { isHttpBody, isHttpBodyField } from './http-body.ts';
import { bodyFormatOf, essenceOf, refuseCompression } from './media-type.ts';
import type { TranscodeOptions } from './options.ts';
import { JsonSplitter } from './split-json.ts';
import type { SystemParameters } from './system-parameters.ts';

/** The messages of one request: give it the body's chunks in order, then its end. Each throws StatusError. */
export interface MessageStream {
  readonly system: SystemParameters;
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** The message of one whole JSON value, or of one piece of an upload. */
  message(body: Uint8Array): Uint8Array;
  end(): readonly Uint8Array[];
}

export type StreamBinder = (request: HttpRequest, captures: readonly string[]) => MessageStream;

export function compileStreamBinder(binding: Binding, codec: Codec, options: TranscodeOptions): StreamBinder {
  const bindHead = compileHeadBinder(binding, codec, options);
  const bindBody = compileBodyBinder(binding, codec, options);
  const isUpload = takesRawBytes(binding);
  return (request, captures) => {
    refuseCompression(headerText(request.headers['content-encoding']));
    const { system, query, path } = bindHead(request, captures);
    const contentType = headerText(request.headers['content-type']);
    let count = 0;
    const bind = (body: Uint8Array): Uint8Array => {
      if (count > 0) return bindBody(body, isUpload ? undefined : JSON_TYPE);
      return Buffer.concat([bindBody(body, isUpload ? contentType : JSON_TYPE), ...query, ...path]);
    };
    const message = (body: Uint8Array): Uint8Array => {
      const bound = isUpload ? bind(body) : namingMessage(count, () => bind(body));
      count++;
      return bound;
    };
    // What the first message says of the whole is said even if there is nothing to send with it.
    const orHead = (messages: readonly Uint8Array[]): readonly Uint8Array[] =>
      count === 0 && (isUpload || binding.body.kind === 'none') ? [message(new Uint8Array())] : messages;
    if (isUpload) return { system, push: (chunk) => [message(chunk)], message, end: () => orHead([]) };
    const { maxMessageBytes: maxBytes } = options.limits;
    const splitter = new JsonSplitter({ maxBytes, isLines: isLines(contentType) });
    return {
      system,
      push: (chunk) => splitter.push(chunk).map(message),
      message,
      end: () => orHead(splitter.end().map(message)),
    };
  };
}

const JSON_TYPE = 'application/json';

/** The messages of the stream are pieces of an upload. */
export function takesRawBytes({ body, method }: Binding): boolean {
  return body.kind === 'field' ? isHttpBodyField(body.field) : body.kind === 'whole' && isHttpBody(method.input);
}

/** NDJSON has no registered type; these are the names in use. */
const lineTypes: ReadonlySet<string> = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl']);

/** Whether the body is NDJSON rather than JSON. Throws 415 for anything else. */
function isLines(contentType: string | undefined): boolean {
  if (contentType !== undefined && lineTypes.has(essenceOf(contentType))) return true;
  if (bodyFormatOf(contentType) === 'json') return false;
  const message = 'a stream of messages is sent as application/json (an array) or application/x-ndjson (one a line)';
  throw new StatusError(GrpcCode.INVALID_ARGUMENT, message, { httpStatus: 415 });
}

/** Puts the number of the message before the field that an error names: `[3].title`. */
export function namingMessage<Result>(index: number, bind: () => Result): Result {
  try {
    return bind();
  } catch (error) {
    const [violation] = error instanceof StatusError ? error.violations : [];
    if (violation === undefined) throw error;
    const field = violation.field === '' ? '' : `.${violation.field}`;
    throw StatusError.invalidField(`[${index}]${field}`, violation.description, error);
  }
}
