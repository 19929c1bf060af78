/**
 * @module One transcoded call from the HTTP request to the rendered reply: the only place where transcoding meets an upstream.
 */
import type { Binding } from '../routing/binding.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { timeoutOf } from '../transcode/deadline.ts';
import {
  type HttpReply,
  type HttpRequest,
  type HttpStreamReply,
  headerText,
  type Metadata,
} from '../transcode/exchange.ts';
import { headersOf, metadataOf, trailerHeadersOf } from '../transcode/metadata.ts';
import { framingOf } from '../transcode/stream-framing.ts';
import type { Transcoder } from '../transcode/transcoder.ts';
import type { CallOptions, Transport } from '../upstream/transport.ts';
import { frameMessages, type MessageFramer, rawFramer, textFramer } from './frame-messages.ts';

/** A request whose rule is known. */
export interface MatchedRequest {
  readonly binding: Binding;
  readonly captures: readonly string[];
  readonly http: HttpRequest;
  /** Aborted when the client has gone or the gateway ends. */
  readonly signal: AbortSignal;
}

/** Where the calls of a service go. */
export interface CallTarget {
  readonly transport: Transport;
  /** Timeout in milliseconds of a unary call whose client asks for none. */
  readonly timeoutMs: number;
}

/** What a call needs besides the request. */
export interface CallContext {
  readonly transcoder: Transcoder;
  /** Undefined when no upstream is configured for the service. */
  readonly targetOf: (service: string) => CallTarget | undefined;
  readonly streamTimeoutMs: number;
  readonly maxTimeoutMs: number;
}

/** The answer of a method with one reply. Throws StatusError. */
export async function callUnary(request: MatchedRequest, context: CallContext): Promise<HttpReply> {
  const { transcoder } = context;
  const { binding, captures, http } = request;
  const { bindRequest, reply } = transcoder.of(binding);
  const { message, system } = bindRequest(http, captures);
  if (system.alt === 'sse') {
    throw StatusError.invalidField('alt', `${binding.method.fullName} answers with one message; sse is for streams`);
  }
  const { transport, timeoutMs } = targetOf(binding, context);
  const answer = await transport.unary(callOptionsOf(request, context, timeoutMs), message);
  const { contentType, body } = reply.render(answer.message, headerText(http.headers['accept']), system);
  const { metadata } = transcoder.options;
  const headers: Metadata = [
    ['content-type', contentType],
    ...headersOf(answer.headers, metadata),
    ...trailerHeadersOf(answer.trailers, metadata),
  ];
  return { status: 200, headers, body };
}

/**
 * The answer of a server-streaming method, once its first message or its end is there: until then an error has its own
 * HTTP status. Throws StatusError.
 */
export async function callServerStream(request: MatchedRequest, context: CallContext): Promise<HttpStreamReply> {
  const { transcoder } = context;
  const { binding, captures, http } = request;
  const { bindRequest, reply } = transcoder.of(binding);
  const { message, system } = bindRequest(http, captures);
  const framing =
    reply.raw === undefined ? framingOf(headerText(http.headers['accept']), system, transcoder.options) : undefined;
  const framer: MessageFramer =
    framing === undefined ? rawFramer(reply) : textFramer({ framing, reply, system, errors: transcoder.errors });
  const { transport } = targetOf(binding, context);
  const stream = transport.stream(callOptionsOf(request, context, context.streamTimeoutMs), message);
  return await frameMessages(stream, framer, transcoder.options.metadata);
}

function targetOf({ method }: Binding, context: CallContext): CallTarget {
  if (method.isClientStreaming) {
    throw new StatusError(GrpcCode.UNIMPLEMENTED, `${method.fullName} takes a stream of requests; call it over gRPC`);
  }
  const target = context.targetOf(method.service.fullName);
  if (target !== undefined) return target;
  throw new StatusError(GrpcCode.UNIMPLEMENTED, `no upstream is configured for ${method.service.fullName}`);
}

function callOptionsOf(
  { binding, http, signal }: MatchedRequest,
  { transcoder, maxTimeoutMs }: CallContext,
  defaultTimeoutMs: number,
): CallOptions {
  const { metadata, limits } = transcoder.options;
  return {
    path: binding.method.path,
    metadata: metadataOf(http.headers, metadata, limits),
    deadline: performance.now() + timeoutOf(http.headers, defaultTimeoutMs, maxTimeoutMs),
    signal,
  };
}
