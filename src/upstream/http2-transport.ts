/**
 * Calls over our own HTTP/2: connections to one target, opened when they are needed and again when they break.
 */
import type { Socket } from 'node:net';
import type { StatusError } from '../status/status-error.ts';
import { overloaded, unreachable } from './call-errors.ts';
import type { CallHandler, TransportCall } from './calls.ts';
import { type Channel, type ConnectionStatus, transportOver } from './channel.ts';
import { type CallHost, Http2Call } from './http2/call.ts';
import { Connection, type ConnectionOptions } from './http2/connection.ts';
import { type OpenSocket, socketsTo } from './http2/open-socket.ts';
import { ConnectionError } from './http2/protocol.ts';
import { PendingLimit } from './pending-limit.ts';
import { addressOf, type Target } from './target.ts';
import {
  type CallOptions,
  type MessageLimits,
  messageLimits,
  type Transport,
  type TransportOptions,
  type TransportState,
} from './transport.ts';

/** A transport over our own HTTP/2. Throws a SchemaError for TLS files that are none. */
export function createHttp2Transport(target: Target, options: TransportOptions = {}): Transport {
  return transportOver(createHttp2Channel(target, options));
}

/** The same below a Transport. */
export function createHttp2Channel(target: Target, options: TransportOptions = {}): Channel {
  return new Http2Channel(target, options);
}

// A peer that answers neither the connect nor the preface is given up.
const connectTimeoutMs = 10_000;
// The next attempt does not wait out a long pause when calls come.
const callPauseMs = 1000;
// When the streams of one are all taken, another is opened.
const defaultConnections = 8;

class Http2Channel implements Channel, CallHost {
  readonly target: string;
  readonly limits: MessageLimits;
  readonly #openSocket: OpenSocket;
  readonly #connectionOptions: ConnectionOptions;
  readonly #pause: { readonly minMs: number; readonly maxMs: number };
  readonly #maxConnections: number;
  readonly #isOneOfSeveral: boolean;
  readonly #onSocket: TransportOptions['onSocket'];
  /** Those whose settings have come, until they close. */
  readonly #connections = new Set<Connection>();
  /** Calls that no connection can take now, and since when; the oldest first. */
  readonly #waiting = new Map<Http2Call, number>();
  readonly #pending: PendingLimit;
  #pendingTimer: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<(state: TransportState) => void>();
  #state: TransportState = 'idle';
  #attempt: { readonly socket: Socket; readonly timer: NodeJS.Timeout } | undefined;
  #failures = 0;
  #connectFailures = 0;
  #lastAttemptAt = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;
  #lastError: Error = new Error('not connected');
  #retryTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

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
    this.#maxConnections = options.maxConnections ?? defaultConnections;
    this.#isOneOfSeveral = options.isOneOfSeveral ?? false;
    this.#onSocket = options.onSocket;
    this.#pending = options.pending ?? new PendingLimit();
  }

  get state(): TransportState {
    return this.#state;
  }

  get addresses(): readonly ConnectionStatus[] {
    return [
      {
        address: this.target,
        state: this.#state,
        connections: this.#connections.size,
        pending: this.#waiting.size,
        connectFailures: this.#connectFailures,
      },
    ];
  }

  begin(options: CallOptions, handler: CallHandler): TransportCall {
    return new Http2Call(this, options, handler);
  }

  connect(): void {
    if (this.#openCount() === 0 && this.#retryTimer === undefined) this.#open();
  }

  onStateChange(listener: (state: TransportState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    this.#attempt?.socket.destroy();
    for (const connection of this.#connections) connection.close();
    this.#refuseWaiting(new Error('closed'));
  }

  submit(call: Http2Call): void {
    const connection = this.#freest();
    if (connection !== undefined) {
      call.connectTo(connection);
    } else if (this.#state === 'failing' || (this.#isOneOfSeveral && this.#state !== 'ready')) {
      call.refuse(this.#unreachable(this.#lastError), 'unseen');
      if (this.#retryAt > this.#lastAttemptAt + callPauseMs) this.#openAt(this.#lastAttemptAt + callPauseMs);
    } else {
      this.#wait(call);
    }
  }

  withdraw(call: Http2Call): void {
    if (this.#waiting.delete(call)) this.#pending.leave();
  }

  #wait(call: Http2Call): void {
    if (this.#isClosed) call.refuse(this.#unreachable(new Error('closed')), 'unseen');
    else if (!this.#pending.enter()) {
      call.refuse(overloaded(this.target, `its limit of waiting calls, ${this.#pending.max}, is reached`), 'never');
    } else {
      this.#waiting.set(call, performance.now());
      this.#pendingTimer ??= setTimeout(() => this.#expire(), this.#pending.timeoutMs).unref();
      this.#openMore();
    }
  }

  // Only those that wait for others to end: an attempt to connect has a limit of its own.
  #expire(): void {
    this.#pendingTimer = undefined;
    const since = performance.now() - this.#pending.timeoutMs;
    for (const [call, at] of this.#openCount() > 0 ? this.#waiting : []) {
      if (at > since) break;
      this.#pending.timeouts++;
      call.refuse(overloaded(this.target, 'no connection has taken the call in time'), 'never');
    }
    const [next] = this.#waiting.values();
    if (next === undefined) return;
    const waitMs = Math.max(10, next - since);
    this.#pendingTimer = setTimeout(() => this.#expire(), waitMs).unref();
  }

  #refuseWaiting(reason: Error): void {
    for (const call of [...this.#waiting.keys()]) call.refuse(this.#unreachable(reason), 'unseen');
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
    for (const call of this.#waiting.keys()) {
      const connection = this.#freest();
      if (connection === undefined) {
        this.#openMore();
        return;
      }
      this.withdraw(call);
      call.connectTo(connection);
    }
  }

  #openMore(): void {
    if (this.#openCount() < this.#maxConnections && this.#retryTimer === undefined) this.#open();
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
    this.#onSocket?.(socket);
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
    if (this.#isOneOfSeveral) this.#refuseWaiting(new Error('connection lost'));
  }

  #failed(socket: Socket, error: Error): void {
    if (!this.#endAttempt(socket) || this.#isClosed) return;
    this.#lastError = error;
    this.#connectFailures++;
    if (this.#openCount() > 0) return;
    this.#setState('failing');
    const { minMs, maxMs } = this.#pause;
    const jitter = 0.8 + 0.4 * Math.random();
    this.#openAt(performance.now() + Math.min(maxMs, minMs * 1.6 ** this.#failures) * jitter);
    this.#failures++;
    this.#refuseWaiting(error);
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

  #unreachable(reason: Error): StatusError {
    return unreachable(this.target, reasonOf(reason), reason);
  }
}

// What may be told to a client: the system call and its error, or what we say ourselves, and nothing of addresses.
function reasonOf(error: Error): string | undefined {
  const [first = error] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const { syscall, code } = first as NodeJS.ErrnoException;
  if (first instanceof ConnectionError) return 'it does not speak HTTP/2';
  return syscall === undefined ? code : `${syscall} ${code}`;
}
