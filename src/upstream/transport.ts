/**
 * @module The gRPC call as bytes: one interface, several transports behind it. Knows nothing of JSON or HTTP rules.
 */
import type { Socket } from 'node:net';
import type { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import type { PendingLimit } from './pending-limit.ts';

/** What a call asks of an AbortSignal. Every AbortSignal is one; a lighter one is made for each request. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface CallOptions {
  /** `/package.Service/Method` */
  readonly path: string;
  /** Names are the caller's to choose (only transport-level ones are refused); several values of one name are joined. */
  readonly metadata: Metadata;
  /** When the call must have ended, in the milliseconds of `performance.now()`. No call is without one. */
  readonly deadline: number;
  /** Aborting it cancels the call upstream. A StatusError as reason is what the call then fails with. */
  readonly signal?: CancelSignal | undefined;
  /** Given: the messages of the call are whole gRPC frames, both ways. */
  readonly frames?: FrameCoding | undefined;
  /** Doing it twice is doing it once: it may be tried again where nothing else is configured. */
  readonly isIdempotent?: boolean;
  /** Of a retry: how often it was tried before. */
  readonly previousAttempts?: number;
  /** Told of the attempts after the first. */
  readonly attempts?: AttemptWatch | undefined;
}

/** Who looks on while a call is tried again. Must not throw. */
export interface AttemptWatch {
  /** An attempt has failed, and another one will follow. */
  failed(error: StatusError): void;
  /** It begins, with the metadata that this gives. */
  again(previousAttempts: number, metadata: Metadata): Metadata;
}

/**
 * How the frames of a call are compressed, which is then an affair of its ends alone. What the upstream says of its own comes among the
 * reply's headers: `grpc-encoding`, `grpc-accept-encoding`.
 */
export interface FrameCoding {
  /** `grpc-encoding`; undefined when the client sends none. */
  readonly encoding: string | undefined;
  /** `grpc-accept-encoding`; undefined when the client sends none. */
  readonly acceptEncoding: string | undefined;
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
   * cancels the call. There is one iteration: asking again goes on with it.
   */
  [Symbol.asyncIterator](): AsyncIterator<readonly Uint8Array[]>;
  /** Trailing metadata; resolves when the call has ended well, rejects with its error otherwise. */
  readonly trailers: Promise<Metadata>;
}

/** `idle`: not asked to connect; `failing`: the last attempt failed or the connection broke, the next one is due. */
export type TransportState = 'idle' | 'connecting' | 'ready' | 'failing';

/**
 * One upstream target. Failures are StatusErrors with the upstream's code, message, details and trailers; those of the
 * transport itself are UNAVAILABLE (no connection), DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED with HTTP status 413
 * or 502 (a message over its limit), or what the gRPC documents say of broken streams.
 */
export interface Transport {
  /** As the user wrote it. */
  readonly target: string;
  readonly state: TransportState;
  /** A call with one reply. */
  unary(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): Promise<UnaryReply>;
  /** A call whose reply is a stream. Never throws: failures come by the iteration. */
  stream(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): ReplyStream;
  /** Starts to connect, and from then on again by itself whenever the connection is lost. A call does so too. */
  connect(): void;
  /** Connects; resolves once the target can be called, or rejects when the signal aborts. */
  ready(signal: AbortSignal): Promise<void>;
  /** Calls the listener with each new state; gives the function that ends it. */
  onStateChange(listener: (state: TransportState) => void): () => void;
  /** Lets calls in flight finish until the signal aborts, then cancels them. New calls fail UNAVAILABLE at once. */
  close(signal?: AbortSignal): Promise<void>;
}

/** PEM texts and names of TLS to the upstream. Without `ca` Node's own root certificates are trusted. */
export interface TlsOptions {
  readonly ca?: string | Buffer;
  /** Client certificate chain and its key; both or neither. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name that the certificate is checked for, and `:authority`, instead of the target's host. */
  readonly serverName?: string;
  /** The certificates of `ca` are trusted as they are, whoever has signed them. */
  readonly isPinned?: boolean;
}

export interface TransportOptions {
  /** Given: TLS whatever the target's scheme says. */
  readonly tls?: TlsOptions;
  /** A request message over it fails RESOURCE_EXHAUSTED, HTTP 413. 4 MiB. */
  readonly maxRequestBytes?: number;
  /** A reply message over it fails RESOURCE_EXHAUSTED, HTTP 502. 4 MiB. */
  readonly maxReplyBytes?: number;
  /**
   * PING after `timeMs` without a frame, the connection is given up when `timeoutMs` pass without an answer. Off by
   * default: servers answer pings they find too frequent with GOAWAY, and deadlines find dead peers as well.
   */
  readonly keepalive?: { readonly timeMs: number; readonly timeoutMs: number };
  /** Pause between attempts to connect: from `minMs`, growing, with jitter, to `maxMs`. 100 ms to 5 s. */
  readonly reconnect?: { readonly minMs: number; readonly maxMs: number };
  /** Told of each connection's socket before anything passes it: for those who look at what does. Only of our own HTTP/2. */
  readonly onSocket?: (socket: Socket) => void;
  /** To one address, opened while all streams of the others are taken: 8. */
  readonly maxConnections?: number;
  /** Calls do not wait for a connection to this address: another may have one. They end `unseen`. */
  readonly isOneOfSeveral?: boolean;
  /** Of the calls that wait for a connection; one of its own when left out. */
  readonly pending?: PendingLimit;
}

/** The limits of TransportOptions, with their defaults. */
export interface MessageLimits {
  readonly maxRequestBytes: number;
  readonly maxReplyBytes: number;
}

const defaultMessageBytes = 4 * 1024 * 1024;

export function messageLimits(options: TransportOptions): MessageLimits {
  const { maxRequestBytes = defaultMessageBytes, maxReplyBytes = defaultMessageBytes } = options;
  return { maxRequestBytes, maxReplyBytes };
}
