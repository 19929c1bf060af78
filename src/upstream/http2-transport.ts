/**
 * The transport over our own HTTP/2: connections to one target, opened when they are needed and again when they break.
 */
import type { Socket } from 'node:net';
import type { StatusError } from '../status/status-error.ts';
import { unreachable } from './call-errors.ts';
import { Calls } from './calls.ts';
import { type CallHost, Http2Call } from './http2/call.ts';
import { Connection, type ConnectionOptions } from './http2/connection.ts';
import { type OpenSocket, socketsTo } from './http2/open-socket.ts';
import { ConnectionError } from './http2/protocol.ts';
import { addressOf, type Target } from './target.ts';
import {
  type CallOptions,
  type MessageLimits,
  messageLimits,
  type ReplyStream,
  type Transport,
  type TransportOptions,
  type TransportState,
  type UnaryReply,
} from './transport.ts';
import { whenReady } from './when-ready.ts';

/** A transport over our own HTTP/2. Throws a SchemaError for TLS files that are none. */
export function createHttp2Transport(target: Target, options: TransportOptions = {}): Transport {
  return new Http2Transport(target, options);
}

// A peer that answers neither the connect nor the preface is given up.
const connectTimeoutMs = 10_000;
// The next attempt does not wait out a long pause when calls come.
const callPauseMs = 1000;
// When the streams of one are all taken, another is opened.
const maxConnections = 8;

class Http2Transport implements Transport, CallHost {
  readonly target: string;
  readonly limits: MessageLimits;
  readonly #openSocket: OpenSocket;
  readonly #connectionOptions: ConnectionOptions;
  readonly #pause: { readonly minMs: number; readonly maxMs: number };
  readonly #calls: Calls;
  /** Those whose settings have come, until they close. */
  readonly #connections = new Set<Connection>();
  /** Calls that no connection can take now. */
  readonly #waiting = new Set<Http2Call>();
  readonly #listeners = new Set<(state: TransportState) => void>();
  #state: TransportState = 'idle';
  #attempt: { readonly socket: Socket; readonly timer: NodeJS.Timeout } | undefined;
  #failures = 0;
  #lastAttemptAt = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;
  #lastError: Error = new Error('not connected');
  #retryTimer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(target: Target, options: TransportOptions) {
    this.target = target.text;
    this.limits = messageLimits(options);
    this.#openSocket = socketsTo(target, options.tls);
    this.#connectionOptions = {
      scheme: target.isTls || options.tls !== undefined ? 'https' : 'http',
      authority: options.tls?.serverName ?? (target.kind === 'unix' ? 'localhost' : addressOf(target)),
      userAgent: 'tandem',
      keepalive: options.keepalive,
    };
    this.#pause = options.reconnect ?? { minMs: 100, maxMs: 5000 };
    this.#calls = new Calls(this.target, (callOptions, handler) => new Http2Call(this, callOptions, handler));
  }

  get state(): TransportState {
    return this.#state;
  }

  unary(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): Promise<UnaryReply> {
    return this.#calls.unary(options, messages);
  }

  stream(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): ReplyStream {
    return this.#calls.stream(options, messages);
  }

  connect(): void {
    if (this.#openCount() === 0 && this.#retryTimer === undefined) this.#open();
  }

  ready(signal: AbortSignal): Promise<void> {
    this.connect();
    return whenReady(this, signal);
  }

  onStateChange(listener: (state: TransportState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#calls.close(signal).then(() => {
      this.#isClosed = true;
      clearTimeout(this.#retryTimer);
      this.#attempt?.socket.destroy();
      for (const connection of this.#connections) connection.close();
    });
    return this.#closing;
  }

  submit(call: Http2Call): void {
    const connection = this.#freest();
    if (connection !== undefined) {
      call.connectTo(connection);
    } else if (this.#state === 'failing') {
      call.fail(this.#unreachable());
      if (this.#retryAt > this.#lastAttemptAt + callPauseMs) this.#openAt(this.#lastAttemptAt + callPauseMs);
    } else {
      this.#waiting.add(call);
      this.#openMore();
    }
  }

  withdraw(call: Http2Call): void {
    this.#waiting.delete(call);
  }

  #freest(): Connection | undefined {
    let freest: Connection | undefined;
    for (const connection of this.#connections) {
      const isFreer = freest === undefined || connection.streamCount < freest.streamCount;
      if (connection.canOpen && isFreer) freest = connection;
    }
    return freest;
  }

  #serveWaiting(): void {
    for (const call of this.#waiting) {
      const connection = this.#freest();
      if (connection === undefined) {
        this.#openMore();
        return;
      }
      this.#waiting.delete(call);
      call.connectTo(connection);
    }
  }

  #openMore(): void {
    if (this.#openCount() < maxConnections && this.#retryTimer === undefined) this.#open();
  }

  #open(): void {
    if (this.#attempt !== undefined || this.#isClosed) return;
    this.#lastAttemptAt = performance.now();
    if (this.#state === 'idle') this.#setState('connecting');
    const socket = this.#openSocket(() => this.#speak(socket));
    // Over the whole handshake: a socket's own timeout starts anew with every byte.
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), connectTimeoutMs).unref();
    this.#attempt = { socket, timer };
    socket.on('error', (error) => this.#failed(socket, error));
    socket.on('close', () => this.#failed(socket, new Error('connection closed')));
  }

  #speak(socket: Socket): void {
    let isReady = false;
    const connection = new Connection(socket, this.#connectionOptions, {
      onReady: () => {
        isReady = true;
        this.#endAttempt(socket);
        this.#failures = 0;
        this.#connections.add(connection);
        this.#setState('ready');
        this.#serveWaiting();
      },
      onFree: () => this.#serveWaiting(),
      onDraining: () => this.#lost(),
      onClosed: (reason) => {
        this.#connections.delete(connection);
        if (isReady) this.#lost();
        else this.#failed(socket, reason);
      },
    });
  }

  #endAttempt(socket: Socket): boolean {
    if (this.#attempt?.socket !== socket) return false;
    clearTimeout(this.#attempt.timer);
    this.#attempt = undefined;
    return true;
  }

  // A connection that was good has gone: the next is opened at once, and calls wait for it. Not more often than the
  // shortest pause allows, so that an upstream that ends each of them costs no more.
  #lost(): void {
    if (this.#openCount() > 0 || this.#attempt !== undefined || this.#retryTimer !== undefined || this.#isClosed)
      return;
    this.#setState('connecting');
    this.#openAt(this.#lastAttemptAt + this.#pause.minMs);
  }

  #failed(socket: Socket, error: Error): void {
    if (!this.#endAttempt(socket) || this.#isClosed) return;
    this.#lastError = error;
    if (this.#openCount() > 0) return;
    this.#setState('failing');
    const { minMs, maxMs } = this.#pause;
    const jitter = 0.8 + 0.4 * Math.random();
    this.#openAt(performance.now() + Math.min(maxMs, minMs * 1.6 ** this.#failures) * jitter);
    this.#failures++;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) call.fail(this.#unreachable());
  }

  #openCount(): number {
    return [...this.#connections].filter((connection) => !connection.isDraining).length;
  }

  #openAt(instant: number): void {
    clearTimeout(this.#retryTimer);
    this.#retryAt = instant;
    const open = (): void => {
      this.#retryTimer = undefined;
      this.#open();
    };
    this.#retryTimer = setTimeout(open, Math.max(0, instant - performance.now())).unref();
  }

  #setState(state: TransportState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #unreachable(): StatusError {
    return unreachable(this.target, reasonOf(this.#lastError), this.#lastError);
  }
}

// What may be told to a client: the system call and its error, or what we say ourselves, and nothing of addresses.
function reasonOf(error: Error): string | undefined {
  const [first = error] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const { syscall, code } = first as NodeJS.ErrnoException;
  if (first instanceof ConnectionError) return 'it does not speak HTTP/2';
  return syscall === undefined ? code : `${syscall} ${code}`;
}
