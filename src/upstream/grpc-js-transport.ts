/**
 * The transport over @grpc/grpc-js. It uses the library's calls as bytes, below its clients: a call's `startRead` asks
 * for one message, which is the back-pressure that a stream needs, and nothing is serialized twice.
 */
import type { ChannelInterface, ChannelOptions } from '@grpc/grpc-js';
import { Channel, connectivityState, credentials } from '@grpc/grpc-js';
import { SchemaError } from '../schema/problem.ts';
import type { CallHandler, TransportCall } from './calls.ts';
import { type Channel as CallChannel, type ConnectionStatus, transportOver } from './channel.ts';
import { isThisMachine } from './choose-transport.ts';
import { GrpcJsCall } from './grpc-js-call.ts';
import { addressOf, type Target } from './target.ts';
import {
  type CallOptions,
  type MessageLimits,
  messageLimits,
  type TlsOptions,
  type Transport,
  type TransportOptions,
  type TransportState,
} from './transport.ts';

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
  return transportOver(createGrpcJsChannel(target, options));
}

/** A name of which an xDS server knows the addresses: `xds:///name`. */
export interface XdsTarget {
  readonly kind: 'xds';
  readonly text: string;
  readonly isTls: false;
}

/** The same below a Transport. */
export function createGrpcJsChannel(target: Target | XdsTarget, options: TransportOptions = {}): CallChannel {
  return new GrpcJsChannel(target, options);
}

class GrpcJsChannel implements CallChannel {
  readonly target: string;
  readonly #channel: ChannelInterface;
  readonly #limits: MessageLimits;
  readonly #listeners = new Set<(state: TransportState) => void>();
  #connectFailures = 0;
  #isClosed = false;

  constructor(target: Target | XdsTarget, options: TransportOptions) {
    this.target = target.text;
    this.#limits = messageLimits(options);
    this.#channel = new Channel(
      channelTargetOf(target),
      credentialsOf(target, options.tls),
      channelOptionsOf(target, options, this.#limits.maxReplyBytes),
    );
    this.#watch(connectivityState.IDLE);
  }

  get state(): TransportState {
    return states[this.#channel.getConnectivityState(false)];
  }

  /** Its connections and waiting calls are the library's own. */
  get addresses(): readonly ConnectionStatus[] {
    const { target: address, state } = this;
    const connections = state === 'ready' ? 1 : 0;
    return [{ address, state, connections, pending: 0, connectFailures: this.#connectFailures }];
  }

  begin(options: CallOptions, handler: CallHandler): TransportCall {
    return new GrpcJsCall(this.#channel, this.target, options, this.#limits, handler);
  }

  connect(): void {
    if (!this.#isClosed) this.#channel.getConnectivityState(true);
  }

  onStateChange(listener: (state: TransportState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#channel.close();
  }

  // The library's watch tells one change; a lost connection turns to idle and would wait there for the next call, while
  // readiness must know when the upstream is back.
  #watch(before: connectivityState): void {
    this.#channel.watchConnectivityState(before, Number.POSITIVE_INFINITY, () => {
      if (this.#isClosed) return;
      const now = this.#channel.getConnectivityState(false);
      if (now === connectivityState.TRANSIENT_FAILURE) this.#connectFailures++;
      for (const listener of this.#listeners) listener(states[now]);
      if (now === connectivityState.IDLE) setTimeout(() => this.connect(), reopenMs).unref();
      this.#watch(now);
    });
  }
}

function channelTargetOf(target: Target | XdsTarget): string {
  if (target.kind === 'xds') return target.text;
  if (target.kind === 'unix') return `unix:${target.path}`;
  return `dns:${addressOf({ ...target, host: target.ip ?? target.host })}`;
}

function credentialsOf(
  target: Target | XdsTarget,
  tls: TlsOptions | undefined,
): ReturnType<typeof credentials.createInsecure> {
  if (!target.isTls && tls === undefined) return credentials.createInsecure();
  const pem = (text: string | Buffer | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  try {
    return credentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert));
  } catch (cause) {
    const message = `tls: ${cause instanceof Error ? cause.message : cause}: give ca, cert and key as PEM, cert and key together`;
    throw new SchemaError([{ position: undefined, subject: `upstream ${target.text}`, message }]);
  }
}

function channelOptionsOf(
  target: Target | XdsTarget,
  options: TransportOptions,
  maxReplyBytes: number,
): ChannelOptions {
  const { keepalive, reconnect, tls } = options;
  const isDirect = target.kind === 'xds' || isThisMachine(target);
  return {
    'grpc.max_receive_message_length': maxReplyBytes,
    // Checked by the call itself, which knows what to answer.
    'grpc.max_send_message_length': -1,
    'grpc.initial_reconnect_backoff_ms': reconnect?.minMs ?? 100,
    'grpc.max_reconnect_backoff_ms': reconnect?.maxMs ?? 5000,
    'grpc.use_local_subchannel_pool': 1,
    // No TXT look-ups that nobody asked for, and no way to this machine through a proxy.
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': isDirect ? 0 : 1,
    ...(keepalive && {
      'grpc.keepalive_time_ms': keepalive.timeMs,
      'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    }),
    ...authorityOf(target, tls?.serverName),
  };
}

function authorityOf(target: Target | XdsTarget, serverName: string | undefined): ChannelOptions {
  if (serverName !== undefined) {
    return { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
  }
  if (target.kind !== 'host' || target.ip === undefined) return {};
  return { 'grpc.ssl_target_name_override': target.host, 'grpc.default_authority': addressOf(target) };
}
