/**
 * @module One call that passes through as gRPC: frames in, frames out, nothing of them looked into but by hooks.
 */
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import { timeoutOf } from '../transcode/deadline.ts';
import type { HttpRequest, Metadata } from '../transcode/exchange.ts';
import { grpcMetadataOf } from '../transcode/metadata.ts';
import type { TranscodeLimits } from '../transcode/options.ts';
import type { CancelSignal, FrameCoding, UnaryReply } from '../upstream/transport.ts';
import type { HookChain, RpcClient } from './hooks.ts';
import { createIdleTimer, type IdleTimer } from './idle-timer.ts';
import { type CallTarget, hasStreams, type RpcContext, type StartedRpc, startRpc } from './rpc.ts';
import { RpcRun } from './rpc-run.ts';

/** A request in gRPC, but for its messages. */
export interface PassedRequest {
  readonly method: MethodDescriptor;
  /** Given where the gateway answers itself. */
  readonly target?: CallTarget | undefined;
  readonly http: Pick<HttpRequest, 'method' | 'target' | 'headers'>;
  /** Aborted when the client has gone. */
  readonly signal: CancelSignal;
  /** Asked for only when there are hooks. */
  readonly client: () => RpcClient;
}

export interface PassedContext extends RpcContext {
  readonly limits: TranscodeLimits;
  readonly hooks: HookChain | undefined;
}

type Frames = Uint8Array | AsyncIterable<Uint8Array>;

/** The replies of a stream. Reading pulls. */
export interface PassedReplies {
  readonly headers: Metadata;
  /** Batches of frames. Rejects with what failed the call. */
  next(): Promise<IteratorResult<readonly Uint8Array[]>>;
  readonly trailers: Promise<Metadata>;
}

/**
 * One call: `admit`, then `unary` or `stream`, `fail` for what goes wrong anywhere, and `end`. All but `fail` reject with what failed the
 * call; `fail` says what is to be answered for it.
 */
export class PassedCall {
  readonly #request: PassedRequest;
  readonly #context: PassedContext;
  readonly #run: RpcRun | undefined;
  readonly #idle: IdleTimer | undefined;

  constructor(request: PassedRequest, context: PassedContext) {
    const { method, http, client, signal } = request;
    const { hooks, streamIdleMs } = context;
    this.#request = request;
    this.#context = context;
    const rpc = { protocol: 'grpc', method, binding: undefined, request: http, values: new Map() } as const;
    this.#run = hooks && new RpcRun(hooks, { ...rpc, replyHeaders: [], client: client() });
    this.#idle = hasStreams(method) ? createIdleTimer(signal, streamIdleMs) : undefined;
  }

  /** To be awaited before anything of the request but its head is read. */
  async admit(): Promise<void> {
    await this.#run?.admit();
  }

  /** For methods with one reply, which is a frame. */
  async unary(frames: Frames): Promise<UnaryReply> {
    const { callee, options } = this.#start();
    const answering = callee.unary(options, this.#watched(frames));
    return await (this.#idle?.waitFor(answering) ?? answering);
  }

  /** For methods with a stream of replies. Resolves when the upstream has begun to answer. */
  async stream(frames: Frames): Promise<PassedReplies> {
    const { callee, options } = this.#start();
    const replies = await callee.stream(options, this.#watched(frames));
    const wait = <T>(promise: Promise<T>): Promise<T> => this.#idle?.waitFor(promise) ?? promise;
    const headers = await wait(replies.headers);
    const batches = replies[Symbol.asyncIterator]();
    return { headers, next: () => wait(batches.next()), trailers: replies.trailers };
  }

  fail(cause: unknown): StatusError {
    return this.#run?.fail(cause) ?? StatusError.from(cause);
  }

  end(): void {
    this.#run?.end();
  }

  #start(): StartedRpc {
    const { method, http, signal } = this.#request;
    const { headers } = http;
    const start = {
      method,
      metadata: grpcMetadataOf(headers, this.#context.limits),
      signal: this.#idle?.signal ?? signal,
      run: this.#run,
      timeoutOf: timeoutOf.bind(undefined, headers),
      frames: codingOf(headers),
    };
    const { target } = this.#request;
    return startRpc(start, target === undefined ? this.#context : { ...this.#context, targetOf: () => target });
  }

  #watched(frames: Frames): Frames {
    return frames instanceof Uint8Array || this.#idle === undefined ? frames : touching(frames, this.#idle);
  }
}

function codingOf(headers: HttpRequest['headers']): FrameCoding {
  const [encoding, acceptEncoding] = ['grpc-encoding', 'grpc-accept-encoding'].map((name) => {
    const value = headers[name];
    if (value === undefined) return undefined;
    // It goes on as it is, over a connection that others share.
    if (!/^[\w.+, -]*$/.test(String(value))) throw StatusError.invalidField(name, 'holds names of encodings only');
    return String(value);
  });
  return { encoding, acceptEncoding };
}

async function* touching(frames: AsyncIterable<Uint8Array>, idle: IdleTimer): AsyncGenerator<Uint8Array, void> {
  for await (const frame of frames) {
    idle.touch();
    yield frame;
  }
}
