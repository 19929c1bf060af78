/**
 * The transport over @grpc/grpc-js. It uses the library's calls as bytes, below its clients: a call's `startRead` asks
 * for one message, which is the back-pressure that a stream needs, and nothing is serialized twice.
 */
import type { ChannelInterface, ChannelOptions } from '@grpc/grpc-js';
import { Channel, connectivityState, credentials } from '@grpc/grpc-js';
import { SchemaError } from '../schema/problem.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { GrpcJsCall } from './grpc-js-call.ts';
import { ReplyQueue } from './reply-queue.ts';
import type { Target } from './target.ts';
import {
  type CallOptions,
  defaultMessageBytes,
  type ReplyStream,
  type TlsOptions,
  type Transport,
  type TransportOptions,
  type TransportState,
  type UnaryReply,
} from './transport.ts';

// A stream reads so far ahead of its reader.
const readAheadBytes = 64 * 1024;
// How long a lost connection rests before it is opened again without a call; a call opens it at once.
const reopenMs = 1000;

const states: Readonly<Record<connectivityState, TransportState>> = {
  [connectivityState.IDLE]: 'idle',
  [connectivityState.CONNECTING]: 'connecting',
  [connectivityState.READY]: 'ready',
  [connectivityState.TRANSIENT_FAILURE]: 'failing',
  [connectivityState.SHUTDOWN]: 'failing',
};

/** A transport over grpc-js. Throws a SchemaError for TLS files that are none. */
export function createGrpcJsTransport(target: Target, options: TransportOptions = {}): Transport {
  return new GrpcJsTransport(target, options);
}

class GrpcJsTransport implements Transport {
  readonly target: string;
  readonly #channel: ChannelInterface;
  readonly #limits: { readonly maxRequestBytes: number; readonly maxReplyBytes: number };
  readonly #calls = new Set<GrpcJsCall>();
  readonly #listeners = new Set<(state: TransportState) => void>();
  #closing: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(target: Target, options: TransportOptions) {
    this.target = target.text;
    this.#limits = {
      maxRequestBytes: options.maxRequestBytes ?? defaultMessageBytes,
      maxReplyBytes: options.maxReplyBytes ?? defaultMessageBytes,
    };
    const channelTarget = target.kind === 'unix' ? `unix:${target.path}` : `dns:${addressOf(target)}`;
    this.#channel = new Channel(
      channelTarget,
      credentialsOf(target, options.tls),
      channelOptionsOf(target, options, this.#limits.maxReplyBytes),
    );
    this.#watch(connectivityState.IDLE);
  }

  get state(): TransportState {
    return states[this.#channel.getConnectivityState(false)];
  }

  async unary(options: CallOptions, message: Uint8Array): Promise<UnaryReply> {
    const call = this.#createCall(options);
    return await new Promise((resolve, reject) => {
      let reply: Uint8Array | undefined;
      call.start({
        onMessage: (bytes) => {
          if (reply !== undefined) call.fail(wrongCount('more than one message'));
          reply = bytes;
          // A second message would hold the status back, were it not read.
          call.read();
        },
        onEnd: ({ headers, trailers, error }) => {
          if (error !== undefined) reject(error);
          else if (reply === undefined) reject(wrongCount('no message'));
          else resolve({ message: reply, headers, trailers });
        },
      });
      call.sendOnly(message);
      call.read();
    });
  }

  stream(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): ReplyStream {
    let call: GrpcJsCall;
    try {
      call = this.#createCall(options);
    } catch (error) {
      const queue = new ReplyQueue({ pull() {}, cancel() {} });
      queue.end([], StatusError.from(error));
      return queue;
    }
    const queue = new ReplyQueue({
      pull: () => call.read(),
      cancel: () => call.fail(new StatusError(GrpcCode.CANCELLED, 'the reply stream was left before its end')),
    });
    let isFlushing = false;
    call.start({
      onHeaders: (headers) => queue.open(headers),
      onMessage: (bytes) => {
        queue.push(bytes);
        if (queue.queuedBytes < readAheadBytes) call.read();
        if (isFlushing) return;
        // grpc-js hands over one message a tick; those that have come together go to the reader together.
        isFlushing = true;
        setImmediate(() => {
          isFlushing = false;
          queue.flush();
        });
      },
      onEnd: ({ trailers, error }) => queue.end(trailers, error),
    });
    if (messages instanceof Uint8Array) call.sendOnly(messages);
    else void call.sendAll(messages);
    return queue;
  }

  connect(): void {
    if (this.#closing === undefined) this.#channel.getConnectivityState(true);
  }

  async ready(signal: AbortSignal): Promise<void> {
    this.connect();
    if (this.state === 'ready') return;
    // No timer of the library keeps the process alive; who waits here does.
    const alive = setInterval(() => {}, 60_000);
    await new Promise<void>((resolve, reject) => {
      const stop = this.onStateChange((state) => {
        if (state === 'ready') settle(resolve);
      });
      const settle = (finish: () => void): void => {
        stop();
        clearInterval(alive);
        signal.removeEventListener('abort', onAbort);
        finish();
      };
      const onAbort = (): void => {
        const message = `upstream ${this.target} is not ready`;
        settle(() => reject(new StatusError(GrpcCode.UNAVAILABLE, message, { cause: signal.reason })));
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort);
    });
  }

  onStateChange(listener: (state: TransportState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#drain(signal).then(() => this.#channel.close());
    return this.#closing;
  }

  #createCall(options: CallOptions): GrpcJsCall {
    if (this.#closing !== undefined) throw new StatusError(GrpcCode.UNAVAILABLE, `upstream ${this.target} is closed`);
    const call: GrpcJsCall = new GrpcJsCall(this.#channel, this.target, options, this.#limits, () => {
      this.#calls.delete(call);
      if (this.#calls.size === 0) this.#onDrained?.();
    });
    this.#calls.add(call);
    return call;
  }

  async #drain(signal: AbortSignal | undefined): Promise<void> {
    if (this.#calls.size === 0) return;
    const cancel = (): void => {
      const error = new StatusError(GrpcCode.UNAVAILABLE, `upstream ${this.target} is closed`);
      for (const call of this.#calls) call.fail(error);
    };
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel);
    await drained;
    signal?.removeEventListener('abort', cancel);
  }

  // The library's watch tells one change; a lost connection turns to idle and would wait there for the next call, while
  // readiness must know when the upstream is back.
  #watch(before: connectivityState): void {
    this.#channel.watchConnectivityState(before, Number.POSITIVE_INFINITY, () => {
      if (this.#closing !== undefined) return;
      const now = this.#channel.getConnectivityState(false);
      for (const listener of this.#listeners) listener(states[now]);
      if (now === connectivityState.IDLE) setTimeout(() => this.connect(), reopenMs).unref();
      this.#watch(now);
    });
  }
}

function wrongCount(what: string): StatusError {
  return new StatusError(GrpcCode.INTERNAL, `the upstream answered a call that takes one reply with ${what}`);
}

function addressOf({ host, port }: Extract<Target, { kind: 'host' }>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function credentialsOf(target: Target, tls: TlsOptions | undefined): ReturnType<typeof credentials.createInsecure> {
  if (!target.isTls && tls === undefined) return credentials.createInsecure();
  const pem = (text: string | Buffer | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  try {
    return credentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert));
  } catch (cause) {
    const message = `tls: ${cause instanceof Error ? cause.message : cause}: give ca, cert and key as PEM, cert and key together`;
    throw new SchemaError([{ position: undefined, subject: `upstream ${target.text}`, message }]);
  }
}

function channelOptionsOf(target: Target, options: TransportOptions, maxReplyBytes: number): ChannelOptions {
  const { keepalive, reconnect, tls } = options;
  const isLocal = target.kind === 'unix' || /^(localhost|127\..*|::1)$/.test(target.host);
  return {
    'grpc.max_receive_message_length': maxReplyBytes,
    // Checked by the call itself, which knows what to answer.
    'grpc.max_send_message_length': -1,
    'grpc.initial_reconnect_backoff_ms': reconnect?.minMs ?? 100,
    'grpc.max_reconnect_backoff_ms': reconnect?.maxMs ?? 5000,
    'grpc.use_local_subchannel_pool': 1,
    // No TXT look-ups that nobody asked for, and no way to this machine through a proxy.
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': isLocal ? 0 : 1,
    ...(keepalive && {
      'grpc.keepalive_time_ms': keepalive.timeMs,
      'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    }),
    ...(tls?.serverName !== undefined && {
      'grpc.ssl_target_name_override': tls.serverName,
      'grpc.default_authority': tls.serverName,
    }),
  };
}
