/**
 * Calls to an upstream below the Transport: what transports, balancing and retries are put together from. A channel to one
 * address makes connections; a channel over others picks one of them for each call.
 */
import { type BeginCall, Calls } from './calls.ts';
import type { CallOptions, ReplyStream, Transport, TransportState, UnaryReply } from './transport.ts';
import { whenReady } from './when-ready.ts';

/** The connections to one address as they are now. */
export interface ConnectionStatus {
  readonly address: string;
  readonly state: TransportState;
  /** Open connections. */
  readonly connections: number;
  /** Calls that wait for one. */
  readonly pending: number;
  /** Attempts to connect that failed, since the start. */
  readonly connectFailures: number;
}

/** One address of an upstream as it is now. */
export interface AddressStatus extends ConnectionStatus {
  /** Open calls. */
  readonly inFlight: number;
  /** What grpc.health.v1 says, where it is watched. */
  readonly health: 'unwatched' | 'unknown' | 'serving' | 'not serving';
  readonly isEjected: boolean;
  /** How often it was, since the start. */
  readonly ejections: number;
}

export interface Channel {
  /** As the user wrote it. */
  readonly target: string;
  readonly state: TransportState;
  /** Of a channel to one address its connections alone; its calls are those of its transport. */
  readonly addresses: readonly (ConnectionStatus | AddressStatus)[];
  readonly begin: BeginCall;
  /** Calls with one message on either side, where they begin in another way. */
  readonly beginUnary?: BeginCall;
  connect(): void;
  onStateChange(listener: (state: TransportState) => void): () => void;
  /** Ends the connections at once; calls that are left are lost. */
  close(): void;
}

/** Transport and what may be known of its calls. */
export interface ChannelTransport extends Transport {
  readonly channel: Channel;
  readonly openCalls: number;
  readonly overflows: number;
}

/** The transport whose calls begin in the channel; more than `maxRequests` at a time fail at once. */
export function transportOver(channel: Channel, maxRequests?: number): ChannelTransport {
  return new TransportOver(channel, maxRequests);
}

class TransportOver implements ChannelTransport {
  readonly target: string;
  readonly channel: Channel;
  readonly #calls: Calls;
  #closing: Promise<void> | undefined;

  constructor(channel: Channel, maxRequests: number | undefined) {
    this.target = channel.target;
    this.channel = channel;
    const { target, beginUnary } = channel;
    this.#calls = new Calls(
      {
        target,
        begin: (options, handler) => channel.begin(options, handler),
        beginUnary: beginUnary && ((options, handler) => beginUnary.call(channel, options, handler)),
      },
      maxRequests,
    );
  }

  get state(): TransportState {
    return this.channel.state;
  }

  get openCalls(): number {
    return this.#calls.openCount;
  }

  get overflows(): number {
    return this.#calls.overflows;
  }

  unary(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): Promise<UnaryReply> {
    return this.#calls.unary(options, messages);
  }

  stream(options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): ReplyStream {
    return this.#calls.stream(options, messages);
  }

  connect(): void {
    if (this.#closing === undefined) this.channel.connect();
  }

  ready(signal: AbortSignal): Promise<void> {
    this.connect();
    return whenReady(this, signal);
  }

  onStateChange(listener: (state: TransportState) => void): () => void {
    return this.channel.onStateChange(listener);
  }

  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#calls.close(signal).then(() => this.channel.close());
    return this.#closing;
  }
}
