/**
 * One address among several: its channel, its calls, and whether it is to be called.
 */
import type { AddressStatus, Channel } from '../channel.ts';
import type { Target } from '../target.ts';
import type { TransportState } from '../transport.ts';
import { type Health, type HealthCheck, watchHealth } from './health-watch.ts';
import type { Candidate } from './picker.ts';

export interface AddressOptions {
  readonly createChannel: (target: Target) => Channel;
  /** Its health is watched while it is connected. */
  readonly health?: HealthCheck | undefined;
  /** Told of each new state and health. */
  readonly onChange: (address: Address) => void;
}

export class Address implements Candidate {
  readonly target: Target;
  channel: Channel;
  state: TransportState = 'idle';
  inFlight = 0;
  /** Of the connection that it has now. */
  health: Health | 'unwatched';
  readonly #options: AddressOptions;
  /** Of the channels before. */
  #connectFailures = 0;
  #isRetired = false;
  #unwatch: () => void = () => {};

  constructor(target: Target, options: AddressOptions) {
    this.target = target;
    this.health = options.health ? 'unknown' : 'unwatched';
    this.#options = options;
    this.channel = this.#open();
  }

  get isServing(): boolean {
    return this.state === 'ready' && (this.health === 'serving' || this.health === 'unwatched');
  }

  /** It may still turn out to be: it connects, or has yet to tell. */
  get isPending(): boolean {
    return this.state === 'connecting' || (this.state === 'ready' && this.health === 'unknown');
  }

  get status(): Omit<AddressStatus, 'isEjected' | 'ejections'> {
    const [connections] = this.channel.addresses;
    return {
      address: this.target.text,
      state: this.state,
      connections: connections?.connections ?? 0,
      pending: connections?.pending ?? 0,
      connectFailures: this.#connectFailures + (connections?.connectFailures ?? 0),
      inFlight: this.inFlight,
      health: this.health,
    };
  }

  connect(): void {
    if (!this.#isRetired) this.channel.connect();
  }

  /** Ends its attempts to connect; it can be asked to connect anew. */
  reset(): void {
    if (this.state === 'idle') return;
    this.#connectFailures = this.status.connectFailures;
    this.close();
    this.state = 'idle';
    this.channel = this.#open();
  }

  /** A call has begun here. */
  begun(): void {
    this.inFlight++;
  }

  ended(): void {
    this.inFlight--;
    if (this.#isRetired && this.inFlight === 0) this.close();
  }

  close(): void {
    this.#unwatch();
    this.channel.close();
  }

  /** It is no address of the upstream any more: its calls may end, then its connections are closed. */
  retire(): void {
    this.#isRetired = true;
    this.#unwatch();
    if (this.inFlight === 0) this.close();
  }

  #open(): Channel {
    const channel = this.#options.createChannel(this.target);
    channel.onStateChange((state) => {
      if (this.channel === channel && !this.#isRetired) this.#enter(state);
    });
    return channel;
  }

  #enter(state: TransportState): void {
    // An attempt after one that failed is still a failure, until it succeeds.
    if (state === 'connecting' && this.state === 'failing') return;
    this.state = state;
    const { health, onChange } = this.#options;
    this.#unwatch();
    if (health !== undefined) this.health = 'unknown';
    if (health !== undefined && state === 'ready') {
      this.#unwatch = watchHealth(this.channel, health, (now) => {
        this.health = now;
        onChange(this);
      });
    }
    onChange(this);
  }
}
