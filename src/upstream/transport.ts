/**
 * @module The gRPC call as bytes: one interface, several transports behind it. Knows nothing of JSON or HTTP rules.
 */
import type { Metadata } from '../transcode/exchange.ts';

export interface CallOptions {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly metadata: Metadata;
  /** When the call must have ended, in the milliseconds of `performance.now()`. No call is without one. */
  readonly deadline: number;
  /** Aborting it cancels the call upstream. */
  readonly signal?: AbortSignal | undefined;
}

export interface UnaryReply {
  readonly message: Uint8Array;
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

/** The replies of a streaming call. Reading pulls: an unread stream holds the upstream back. */
export interface ReplyStream extends AsyncIterable<readonly Uint8Array[]> {
  /** Initial metadata; resolves before the first message. Rejects as the iteration does when the call fails without any. */
  readonly headers: Promise<Metadata>;
  /**
   * Iteration gives the messages in batches: all that are there, at least one, so that a fast stream does not cost a
   * turn of the event loop a message. It ends after the last one, or throws the call's StatusError. Leaving it early
   * cancels the call.
   */
  [Symbol.asyncIterator](): AsyncIterator<readonly Uint8Array[]>;
  /** Trailing metadata; resolves when the iteration has ended well. */
  readonly trailers: Promise<Metadata>;
}

export type TransportState = 'idle' | 'connecting' | 'ready' | 'failing';

/** One upstream target. Failures are StatusErrors with the upstream's code, message, details and trailers. */
export interface Transport {
  readonly target: string;
  readonly state: TransportState;
  /** One request message, one reply message. */
  unary(options: CallOptions, message: Uint8Array): Promise<UnaryReply>;
  /** Any call whose reply is a stream, or whose request is one. */
  stream(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): ReplyStream;
  /** Resolves once the target can be called, or rejects when the signal aborts. Starts to connect. */
  ready(signal: AbortSignal): Promise<void>;
  /** Lets calls in flight finish until the signal aborts, then cancels them. */
  close(signal?: AbortSignal): Promise<void>;
}
