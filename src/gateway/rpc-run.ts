/**
 * One RPC on its way through the hooks. Every protocol calls upstreams through it when there are hooks; without any, the transport itself.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import { frameHeadBytes, messageOf } from '../transcode/grpc-framing.ts';
import type { CallOptions, FrameCoding, ReplyStream, Transport, UnaryReply } from '../upstream/transport.ts';
import type { HookChain, IncomingReply, OutgoingCall, Rpc } from './hooks.ts';
import { type Witness, witnessesOf } from './witness.ts';

type Messages = Uint8Array | AsyncIterable<Uint8Array>;

/** What a call needs of a transport. */
export type Callee = Pick<Transport, 'unary'> & {
  stream(options: CallOptions, messages: Messages): ReplyStream | Promise<ReplyStream>;
};

/**
 * Runs the hooks of one call: `admit` first, then the call through `through(transport)`, `fail` for each error that is answered, and `end`
 * once. A stream of replies ends the run by itself when its upstream call has ended.
 */
export class RpcRun {
  readonly rpc: Rpc;
  readonly #hooks: HookChain;
  readonly #start = performance.now();
  #witnesses: readonly Witness[] = [];
  #error: StatusError | undefined;
  #hasEnded = false;
  /** When the body was there, when the call was sent, when its one reply came. */
  #bindStart: number | undefined;
  #sentAt: number | undefined;
  #repliedAt: number | undefined;
  /** Given: the call goes by in frames. */
  #frames: FrameCoding | undefined;
  #replyEncoding: string | undefined;
  #requestMessages = 0;
  #requestBytes = 0;
  #replyMessages = 0;
  #replyBytes = 0;

  constructor(hooks: HookChain, rpc: Rpc) {
    this.#hooks = hooks;
    this.rpc = rpc;
  }

  /** Rejects when a hook refuses the call. */
  async admit(): Promise<void> {
    for (const hook of this.#hooks.beforeBind) await hook(this.rpc);
    this.#witnesses = witnessesOf(this.rpc);
  }

  /** An answer over HTTP with what hooks add to it. */
  withHeaders<Reply extends { readonly headers: Metadata }>(reply: Reply): Reply {
    const { replyHeaders } = this.rpc;
    return replyHeaders.length === 0 ? reply : { ...reply, headers: [...reply.headers, ...replyHeaders] };
  }

  /** The body is there: from now on the request is bound. */
  beginBinding(): void {
    this.#bindStart = performance.now();
  }

  /** The transport with this run's hooks around its calls. */
  through(transport: Pick<Transport, 'unary' | 'stream'>): Callee {
    return {
      unary: async (options, messages) => {
        this.#frames = options.frames;
        const outgoing = await this.#outgoing(options);
        for (const witness of this.#witnesses) attempt(() => witness.onSend(outgoing));
        const requests = this.#requests(messages);
        this.#sentAt = performance.now();
        const reply = await transport.unary(outgoing, requests);
        this.#repliedAt = performance.now();
        const headers = this.#replyHeaders(reply.headers);
        this.#onReplyMessage(reply.message);
        return { ...reply, headers } satisfies UnaryReply;
      },
      stream: async (options, messages) => {
        this.#frames = options.frames;
        const outgoing = await this.#outgoing(options);
        for (const witness of this.#witnesses) attempt(() => witness.onSend(outgoing));
        const requests = this.#requests(messages);
        this.#sentAt = performance.now();
        const stream = transport.stream(outgoing, requests);
        stream.trailers.then(
          () => this.end(),
          (error) => {
            this.fail(error);
            this.end();
          },
        );
        return this.#watched(stream);
      },
    };
  }

  /** The error that is to be answered for `cause`. The first failure is the call's: others follow from it. */
  fail(cause: unknown): StatusError {
    if (this.#error !== undefined) return this.#error;
    let error = StatusError.from(cause);
    for (const hook of this.#hooks.onError) error = attempt(() => hook(this.rpc, error)) ?? error;
    this.#error = error;
    return error;
  }

  /** The call has ended, with the error of `fail` or well, and with this status where the answer has one. Only the first end counts. */
  end(httpStatus?: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const now = performance.now();
    // A stream that fails after its first message has had its 200.
    const errorStatus = this.#replyMessages > 0 ? undefined : this.#error?.httpStatus;
    const outcome = {
      error: this.#error,
      upstreamError: this.#repliedAt === undefined ? this.#error : undefined,
      durationMs: now - this.#start,
      upstreamMs: this.#sentAt && (this.#repliedAt ?? now) - this.#sentAt,
      transcodeMs: this.#error === undefined ? this.#transcodeMs(now) : undefined,
      httpStatus: httpStatus ?? errorStatus ?? 200,
      requestMessages: this.#requestMessages,
      requestBytes: this.#requestBytes,
      replyMessages: this.#replyMessages,
      replyBytes: this.#replyBytes,
    };
    for (const hook of this.#hooks.onEnd) attempt(() => hook(this.rpc, outcome));
    for (const witness of this.#witnesses) attempt(() => witness.onEnd(outcome));
  }

  #transcodeMs(end: number): number | undefined {
    if (this.#bindStart === undefined || this.#sentAt === undefined || this.#repliedAt === undefined) return undefined;
    return this.#sentAt - this.#bindStart + end - this.#repliedAt;
  }

  async #outgoing(options: CallOptions): Promise<CallOptions> {
    if (this.#hooks.beforeSend.length === 0) return options;
    const call: OutgoingCall = { metadata: options.metadata, deadline: options.deadline };
    for (const hook of this.#hooks.beforeSend) await hook(this.rpc, call);
    const { metadata, attempts } = call;
    return { ...options, metadata, deadline: Math.min(call.deadline, options.deadline), attempts };
  }

  #requests(messages: Messages): Messages {
    if (!(messages instanceof Uint8Array)) return this.#requestStream(messages);
    this.#onRequestMessage(messages);
    return messages;
  }

  async *#requestStream(messages: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const message of messages) {
      this.#onRequestMessage(message);
      yield message;
    }
  }

  #onRequestMessage(given: Uint8Array): void {
    const message = this.#messageIn(given, this.#frames?.encoding, this.#hooks.onRequestMessage.length > 0);
    this.#requestMessages++;
    this.#requestBytes += message.length;
    for (const hook of this.#hooks.onRequestMessage) hook(this.rpc, message);
    for (const witness of this.#witnesses) attempt(() => witness.onRequest(given));
  }

  /** Of a frame its message, decompressed where a hook looks into it. */
  #messageIn(given: Uint8Array, encoding: string | undefined, isLookedInto: boolean): Uint8Array {
    if (this.#frames === undefined) return given;
    return isLookedInto ? messageIn(given, encoding) : given.subarray(frameHeadBytes);
  }

  #watched(stream: ReplyStream): ReplyStream {
    const headers = stream.headers.then((metadata) => this.#orFail(() => this.#replyHeaders(metadata)));
    // Whoever reads the messages hears of the failure there.
    headers.catch(() => {});
    const batches = stream[Symbol.asyncIterator]();
    return {
      headers,
      trailers: stream.trailers,
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const batch = await batches.next();
          if (batch.done) return batch;
          this.#orFail(() => {
            for (const message of batch.value) this.#onReplyMessage(message);
          });
          return batch;
        },
        return: async () => (await batches.return?.()) ?? { done: true, value: undefined },
      }),
    };
  }

  /** A refusal is the call's failure, and not that the stream is left because of it. */
  #orFail<T>(hooks: () => T): T {
    try {
      return hooks();
    } catch (error) {
      throw this.fail(error);
    }
  }

  #replyHeaders(headers: Metadata): Metadata {
    if (this.#frames !== undefined) this.#replyEncoding = headers.find(([name]) => name === 'grpc-encoding')?.[1];
    const reply: IncomingReply = { headers };
    for (const hook of this.#hooks.onReply) hook(this.rpc, reply);
    // What passes through as gRPC has no other headers than metadata.
    return this.#frames === undefined ? reply.headers : [...reply.headers, ...this.rpc.replyHeaders];
  }

  #onReplyMessage(given: Uint8Array): void {
    const message = this.#messageIn(given, this.#replyEncoding, this.#hooks.onReplyMessage.length > 0);
    this.#replyMessages++;
    this.#replyBytes += message.length;
    for (const hook of this.#hooks.onReplyMessage) hook(this.rpc, message);
    for (const witness of this.#witnesses) attempt(() => witness.onReply(given, this.#replyEncoding));
  }
}

/** What hooks see of a frame: its message. One that nobody here can decompress is no message to look into. */
function messageIn(frame: Uint8Array, encoding: string | undefined): Uint8Array {
  return messageOf(frame, encoding ?? 'identity', maxMessageBytes, (fault) => {
    const message = `a message cannot be looked into: ${fault.kind === 'encoding' ? fault.encoding : fault.kind}`;
    return new StatusError(GrpcCode.UNIMPLEMENTED, message);
  });
}

/** A message that is decompressed may have so many bytes. */
const maxMessageBytes = 64 * 1024 * 1024;

/** What a hook gives that must not fail anything: its own failure is a warning of the process. */
function attempt<T>(hook: () => T): T | undefined {
  try {
    return hook();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), { code: 'TANDEM_HOOK' });
    return undefined;
  }
}
