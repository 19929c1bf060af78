/**
 * @module One call by gRPC-Web or Connect from its HTTP request to the answer, in the client's own protocol whatever happens. REST's is
 * call.ts.
 */
import type { Codec } from '../codec/codec.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import type { HttpReply, HttpRequest, HttpStreamReply } from '../transcode/exchange.ts';
import { headersOf, metadataOf } from '../transcode/metadata.ts';
import type { TranscodeOptions } from '../transcode/options.ts';
import type { Dialect, PayloadReader, StreamDialect } from '../transcode/rpc/dialect.ts';
import type { CancelSignal, ReplyStream } from '../upstream/transport.ts';
import { createIdleTimer, type IdleTimer } from './idle-timer.ts';
import { type MessageForm, messageForm } from './message-form.ts';
import { type RpcContext, type StartedRpc, startRpc } from './rpc.ts';
import type { RpcRun } from './rpc-run.ts';

/** A request whose method and dialect are known. */
export interface RpcRequest {
  readonly dialect: Dialect;
  readonly method: MethodDescriptor;
  readonly http: HttpRequest;
  /** Aborted when the client has gone or the gateway ends. */
  readonly signal: CancelSignal;
  /** The hooks that the call passes; undefined when there are none. */
  readonly run: RpcRun | undefined;
}

/** What a call needs besides the request. */
export interface RpcCallContext extends RpcContext {
  readonly options: TranscodeOptions;
  /** Of messages that are written as JSON. */
  readonly codec: Codec;
}

/** The answer of one call. Throws StatusError as long as nothing of the answer is sent. */
export function callRpc(request: RpcRequest, context: RpcCallContext): Promise<HttpReply | HttpStreamReply> {
  const { dialect, method } = request;
  if (dialect.refusal !== undefined) throw dialect.refusal;
  const form = messageForm(method, dialect, context.codec, context.options.limits.maxMessageBytes);
  if (!method.isServerStreaming) return callForOne(request, context, form);
  if (dialect.stream === undefined) throw new Error(`${method.fullName} has a stream of replies`);
  return callForStream(request, context, { ...form, stream: dialect.stream });
}

async function callForOne(request: RpcRequest, context: RpcCallContext, form: MessageForm): Promise<HttpReply> {
  const { dialect, method, signal } = request;
  const isStream = method.isClientStreaming;
  const idle = isStream ? createIdleTimer(signal, context.streamIdleMs) : undefined;
  const messages = await messagesOf(request, context, form, idle);
  const { callee, options } = start(request, context, idle?.signal ?? signal);
  const answering = callee.unary(options, messages);
  const { message, headers, trailers } = await (idle?.waitFor(answering) ?? answering);
  const payload = await form.write(message);
  return dialect.reply(payload, { headers: headersOf(headers, context.options.metadata), trailers });
}

type StreamForm = MessageForm & { readonly stream: StreamDialect };

async function callForStream(request: RpcRequest, context: RpcCallContext, form: StreamForm): Promise<HttpStreamReply> {
  const { signal, run } = request;
  const idle = createIdleTimer(signal, context.streamIdleMs);
  const messages = await messagesOf(request, context, form, idle);
  const { callee, options } = start(request, context, idle.signal);
  const replies = await callee.stream(options, messages);
  const headers = await idle.waitFor(replies.headers);
  let failure: StatusError | undefined;
  const fail = (cause: unknown): StatusError => {
    failure = run?.fail(cause) ?? StatusError.from(cause);
    return failure;
  };
  return {
    status: 200,
    headers: [...form.stream.headers, ...headersOf(headers, context.options.metadata)],
    chunks: pieces(replies, form, idle, fail),
    heartbeat: undefined,
    failure: () => failure,
  };
}

/** The replies and the end as bytes: batch in, piece out. */
async function* pieces(
  replies: ReplyStream,
  form: StreamForm,
  idle: IdleTimer,
  fail: (cause: unknown) => StatusError,
): AsyncGenerator<Uint8Array, void> {
  const iterator = replies[Symbol.asyncIterator]();
  let end: Uint8Array;
  try {
    for (let batch = await idle.waitFor(iterator.next()); !batch.done; batch = await idle.waitFor(iterator.next())) {
      const parts: Uint8Array[] = [];
      try {
        for (const message of batch.value) parts.push(form.stream.message(await form.write(message)));
      } finally {
        // Messages before one that cannot be rendered are sent all the same.
        if (parts.length > 0) yield Buffer.concat(parts);
      }
    }
    end = form.stream.end(await replies.trailers, undefined);
  } catch (cause) {
    const error = fail(cause);
    end = form.stream.end(error.trailers, error);
  } finally {
    // Also when the reader leaves early: the upstream call is cancelled then.
    await iterator.return?.();
  }
  yield end;
}

/** The request's message, or the messages of its stream as they arrive; each piece of it is told to `idle`. */
async function messagesOf(
  { dialect, method, http }: RpcRequest,
  { options }: RpcCallContext,
  form: MessageForm,
  idle: IdleTimer | undefined,
): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const { maxMessageBytes } = options.limits;
  if (!method.isClientStreaming) return await form.read(dialect.onlyPayload(http, maxMessageBytes));
  return pump(http, dialect.payloadReader(maxMessageBytes), form, idle);
}

/** Pulled by the upstream: a slow one slows the client. */
async function* pump(
  { chunks }: HttpRequest,
  reader: PayloadReader,
  form: MessageForm,
  idle: IdleTimer | undefined,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks ?? []) {
    idle?.touch();
    for (const payload of reader.push(chunk)) yield await form.read(payload);
  }
  reader.end();
}

function start({ dialect, method, http, run }: RpcRequest, context: RpcCallContext, signal: CancelSignal): StartedRpc {
  const { metadata: names, limits } = context.options;
  const metadata = metadataOf(http.headers, names, limits);
  const timeoutOf = dialect.timeoutOf.bind(dialect);
  return startRpc({ method, metadata, timeoutOf, signal, run }, context);
}
