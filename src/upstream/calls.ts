/**
 * What every transport makes of its calls: one reply or a stream of them, and an end that waits for those in flight.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import { overloaded } from './call-errors.ts';
import { ReplyQueue } from './reply-queue.ts';
import { RequestMessages } from './request-messages.ts';
import type { CallOptions, ReplyStream, UnaryReply } from './transport.ts';

/** How a call ended: `error` is undefined when it ended well. */
export interface CallEnd {
  readonly headers: Metadata;
  readonly trailers: Metadata;
  readonly error: StatusError | undefined;
  /** Of a failed call: what is known of trying it again. */
  readonly retry?: RetryHint | undefined;
}

/**
 * `unseen`: the upstream cannot have looked at it; `never`: it must not be tried again; a number: the upstream asks for a
 * pause of so many milliseconds first (`grpc-retry-pushback-ms`).
 */
export type RetryHint = 'unseen' | 'never' | number;

export interface CallHandler {
  onHeaders(headers: Metadata): void;
  onMessage(message: Uint8Array): void;
  /** Called once, after everything else. */
  onEnd(end: CallEnd): void;
}

/** A call of one transport. It ends by its status, its deadline, its signal or `fail`. */
export interface TransportCall {
  /** Asks for one more message, at least; asking again before it came is asking once. */
  read(): void;
  /** Sends the one request message and ends the request. */
  sendOnly(message: Uint8Array): void;
  /** Sends the messages as fast as the upstream takes them; when the call ends before them, they are left. */
  sendAll(messages: RequestMessages): void;
  /** Ends the call with this error and cancels it upstream. Does nothing when it has ended. */
  fail(error: StatusError): void;
}

/** Begins a call that `handler` hears of; nothing is heard before this returns. Throws a StatusError when it cannot. */
export type BeginCall = (options: CallOptions, handler: CallHandler) => TransportCall;

// A stream reads so far ahead of its reader.
const readAheadBytes = 64 * 1024;

/** How the calls of one transport begin. */
export interface CallSource {
  readonly target: string;
  readonly begin: BeginCall;
  /** Those with one message on either side, where they begin in another way: with retries. */
  readonly beginUnary?: BeginCall | undefined;
}

/** The calls of one transport. */
export class Calls {
  readonly #source: CallSource;
  readonly #maxOpen: number;
  readonly #open = new Set<TransportCall>();
  #overflows = 0;
  #isClosed = false;
  #onDrained: (() => void) | undefined;

  /** More than `maxOpen` at a time fail at once: Envoy's `max_requests`. */
  constructor(source: CallSource, maxOpen: number = Number.POSITIVE_INFINITY) {
    this.#source = source;
    this.#maxOpen = maxOpen;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Calls that failed because too many were open. */
  get overflows(): number {
    return this.#overflows;
  }

  unary(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): Promise<UnaryReply> {
    const { begin, beginUnary = begin } = this.#source;
    const request = requestOf(messages);
    return new Promise((resolve, reject) => {
      let reply: Uint8Array | undefined;
      const call = this.#start(messages instanceof Uint8Array ? beginUnary : begin, options, {
        onHeaders() {},
        onMessage(bytes) {
          if (reply !== undefined) call.fail(wrongCount('more than one message'));
          reply = bytes;
          // A second message would hold the status back, were it not read.
          call.read();
        },
        onEnd({ headers, trailers, error }) {
          leave(request);
          if (error !== undefined) reject(error);
          else if (reply === undefined) reject(wrongCount('no message'));
          else resolve({ message: reply, headers, trailers });
        },
      });
      call.read();
      send(call, request);
    });
  }

  stream(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): ReplyStream {
    let call: TransportCall | undefined;
    const request = requestOf(messages);
    const queue = new ReplyQueue({
      pull: () => call?.read(),
      cancel: () => call?.fail(new StatusError(GrpcCode.CANCELLED, 'the reply stream was left before its end')),
    });
    let isFlushing = false;
    const flush = (): void => {
      isFlushing = false;
      queue.flush();
    };
    try {
      call = this.#start(this.#source.begin, options, {
        onHeaders: (headers) => queue.open(headers),
        onMessage: (bytes) => {
          queue.push(bytes);
          if (queue.queuedBytes < readAheadBytes) call?.read();
          // Messages come one by one; those that have come together go to the reader together.
          if (!isFlushing) setImmediate(flush);
          isFlushing = true;
        },
        onEnd: ({ trailers, error }) => {
          leave(request);
          queue.end(trailers, error);
        },
      });
    } catch (error) {
      queue.end([], StatusError.from(error));
      return queue;
    }
    send(call, request);
    return queue;
  }

  /** Resolves when no call is left; those in flight when the signal aborts are cancelled. New ones fail UNAVAILABLE. */
  async close(signal: AbortSignal | undefined): Promise<void> {
    this.#isClosed = true;
    if (this.#open.size === 0) return;
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    const cancel = (): void => {
      for (const call of this.#open) call.fail(this.#closed());
    };
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel);
    await drained;
    signal?.removeEventListener('abort', cancel);
  }

  #start(begin: BeginCall, options: CallOptions, handler: CallHandler): TransportCall {
    if (this.#isClosed) throw this.#closed();
    if (this.#open.size >= this.#maxOpen) {
      this.#overflows++;
      throw overloaded(this.#source.target, `its limit of open calls, ${this.#maxOpen}, is reached`);
    }
    const call = begin(options, {
      onHeaders: (headers) => handler.onHeaders(headers),
      onMessage: (message) => handler.onMessage(message),
      onEnd: (end) => {
        this.#open.delete(call);
        if (this.#open.size === 0) this.#onDrained?.();
        handler.onEnd(end);
      },
    });
    this.#open.add(call);
    return call;
  }

  #closed(): StatusError {
    return new StatusError(GrpcCode.UNAVAILABLE, `upstream ${this.#source.target} is closed`);
  }
}

function requestOf(messages: Uint8Array | AsyncIterable<Uint8Array>): Uint8Array | RequestMessages {
  return messages instanceof Uint8Array ? messages : new RequestMessages(messages);
}

function send(call: TransportCall, request: Uint8Array | RequestMessages): void {
  if (request instanceof Uint8Array) call.sendOnly(request);
  else call.sendAll(request);
}

function leave(request: Uint8Array | RequestMessages): void {
  if (!(request instanceof Uint8Array)) request.leave();
}

function wrongCount(what: string): StatusError {
  return new StatusError(GrpcCode.INTERNAL, `the upstream answered a call that takes one reply with ${what}`);
}
