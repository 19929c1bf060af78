/**
 * @module One transcoded call from the HTTP request to the rendered reply: the only place where transcoding meets an upstream.
 */
import type { Binding } from '../routing/binding.ts';
import { StatusError } from '../status/status-error.ts';
import type { MessageStream } from '../transcode/bind-stream.ts';
import { conditionalReply } from '../transcode/conditional.ts';
import { timeoutOf } from '../transcode/deadline.ts';
import {
  type HttpReply,
  type HttpRequest,
  type HttpStreamReply,
  headerText,
  type Metadata,
} from '../transcode/exchange.ts';
import { isRawReply } from '../transcode/http-body.ts';
import { headersOf, metadataOf, trailerHeadersOf, withKey } from '../transcode/metadata.ts';
import type { ReplyRenderer } from '../transcode/render-reply.ts';
import { framingOf, isIndentable } from '../transcode/stream-framing.ts';
import type { SystemParameters } from '../transcode/system-parameters.ts';
import type { Transcoder } from '../transcode/transcoder.ts';
import type { CancelSignal } from '../upstream/transport.ts';
import { frameFramer, frameMessages, type MessageFramer, rawFramer, textFramer } from './frame-messages.ts';
import { createIdleTimer, type IdleTimer } from './idle-timer.ts';
import { type RpcContext, type StartedRpc, startRpc } from './rpc.ts';
import type { RpcRun } from './rpc-run.ts';

/** A request whose rule is known. */
export interface MatchedRequest {
  readonly binding: Binding;
  readonly captures: readonly string[];
  readonly http: HttpRequest;
  /** Aborted when the client has gone or the gateway ends. */
  readonly signal: CancelSignal;
  /** The hooks that the call passes; undefined when there are none. */
  readonly run: RpcRun | undefined;
}

/** What a call needs besides the request. */
export interface CallContext extends RpcContext {
  readonly transcoder: Transcoder;
}

/**
 * The answer of one call. That of a method with a stream of replies is given once its first message or its end is there: until then an
 * error has its own HTTP status. Throws StatusError.
 */
export function callMethod(request: MatchedRequest, context: CallContext): Promise<HttpReply | HttpStreamReply> {
  return request.binding.method.isServerStreaming ? callForStream(request, context) : callForOne(request, context);
}

async function callForOne(request: MatchedRequest, context: CallContext): Promise<HttpReply | HttpStreamReply> {
  const { binding, http } = request;
  const isStream = binding.method.isClientStreaming;
  const idle = isStream ? createIdleTimer(request.signal, context.streamIdleMs) : undefined;
  if (!isStream) request.run?.beginBinding();
  const { messages, system } = bindMessages(request, context, idle);
  if (system.alt === 'sse') {
    throw StatusError.invalidField('alt', `${binding.method.fullName} answers with one message; sse is for streams`);
  }
  const accept = headerText(http.headers['accept']);
  const renderer = context.transcoder.of(binding).rendererFor({ accept, system, isIndentable: true });
  const { callee, options } = start(request, context, { key: system.key, signal: idle?.signal ?? request.signal });
  const answering = callee.unary(options, messages);
  const answer = await (idle?.waitFor(answering) ?? answering);
  const large = http.webSocket === undefined ? renderer.renderLarge(answer.message) : undefined;
  const { contentType, ...content } = large ?? renderer.render(answer.message);
  const { metadata } = context.transcoder.options;
  const headers: Metadata = [
    ['content-type', contentType],
    ...headersOf(answer.headers, metadata),
    ...trailerHeadersOf(answer.trailers, metadata),
  ];
  if ('pieces' in content) return piecedReply(headers, content.pieces);
  const reply = { status: 200, headers, body: content.body };
  return isRawReply(binding) ? conditionalReply(http, reply) : reply;
}

/** Converted as the client takes it; that this does not fail on the way is certain before it begins. */
function piecedReply(headers: Metadata, pieces: Iterable<Uint8Array>): HttpStreamReply {
  return { status: 200, headers, chunks: pulled(pieces), heartbeat: undefined, failure: () => undefined };
}

async function* pulled(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}

async function callForStream(request: MatchedRequest, context: CallContext): Promise<HttpStreamReply> {
  const { binding, http } = request;
  const { options, errors } = context.transcoder;
  const idle = createIdleTimer(request.signal, context.streamIdleMs);
  const { messages, system } = bindMessages(request, context, idle);
  const accept = headerText(http.headers['accept']);
  const hasFrames = http.webSocket !== undefined;
  const framing = hasFrames || isRawReply(binding) ? undefined : framingOf(http.headers, system, options);
  const isIndented = framing === undefined || isIndentable(framing);
  const renderer = context.transcoder.of(binding).rendererFor({ accept, system, isIndentable: isIndented });
  const framer = framing === undefined ? untypedFramer(request, renderer) : textFramer(framing, renderer, errors);
  const terms = { key: system.key, signal: idle.signal };
  const { callee, options: callOptions } = start(request, context, terms);
  const stream = await callee.stream(callOptions, messages);
  const errorOf = (error: unknown): StatusError => request.run?.fail(error) ?? StatusError.from(error);
  return await frameMessages(stream, framer, { metadata: options.metadata, idle, errorOf });
}

/** For streams that Accept has no say in. */
function untypedFramer({ binding, http }: MatchedRequest, renderer: ReplyRenderer): MessageFramer {
  if (http.webSocket === undefined) return rawFramer(renderer);
  return frameFramer(isRawReply(binding) ? (message) => renderer.render(message).body : renderer.json);
}

interface BoundMessages {
  readonly messages: Uint8Array | AsyncIterable<Uint8Array>;
  readonly system: SystemParameters;
}

/** The request's message, or the messages of its stream as they arrive; each piece of it is told to `idle`. */
function bindMessages(
  { binding, captures, http }: MatchedRequest,
  { transcoder }: CallContext,
  idle: IdleTimer | undefined,
): BoundMessages {
  const { request } = transcoder.of(binding);
  if (request.kind === 'one') {
    const { message, system } = request.bind(http, captures);
    return { messages: message, system };
  }
  const stream = request.bind(http, captures);
  return { messages: pump(http, stream, idle), system: stream.system };
}

/** Pulled by the upstream: a slow one slows the client. */
async function* pump(
  { chunks, frames, body }: HttpRequest,
  stream: MessageStream,
  idle: IdleTimer | undefined,
): AsyncGenerator<Uint8Array, void> {
  if (body.length > 0) yield* stream.push(body);
  for await (const chunk of chunks ?? []) {
    idle?.touch();
    yield* stream.push(chunk);
  }
  for await (const frame of frames ?? []) {
    idle?.touch();
    yield stream.message(frame);
  }
  yield* stream.end();
}

function start(
  { binding, http, run }: MatchedRequest,
  context: CallContext,
  { key, signal }: { readonly key: string | undefined; readonly signal: CancelSignal },
): StartedRpc {
  const { method, httpMethod } = binding;
  const { metadata: names, limits } = context.transcoder.options;
  const metadata = withKey(metadataOf(http.headers, names, limits), key, names);
  const isIdempotent = method.idempotency !== 'unknown' || httpMethod === 'GET';
  const timeout = timeoutOf.bind(undefined, http.headers);
  return startRpc({ method, metadata, isIdempotent, timeoutOf: timeout, signal, run }, context);
}
