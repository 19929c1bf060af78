/**
 * One address among several: its channel, its calls, and whether it is to be called.
 */
import type { AddressStatus, Channel } from '../channel.ts';
import type { Target } from '../target.ts';
import type { TransportState } from '../transport.ts';
import type { Candidate } from './picker.ts';

export class Address implements Candidate {
  readonly target: Target;
  channel: Channel;
  state: TransportState = 'idle';
  inFlight = 0;
  readonly #create: () => Channel;
  readonly #onChange: (address: Address) => void;
  #isRetired = false;

  /** `onChange` is told of each new state. */
  constructor(target: Target, create: () => Channel, onChange: (address: Address) => void) {
    this.target = target;
    this.#create = create;
    this.#onChange = onChange;
    this.channel = this.#open();
  }

  get status(): AddressStatus {
    const [connections] = this.channel.addresses;
    return {
      address: this.target.text,
      state: this.state,
      connections: connections?.connections ?? 0,
      pending: connections?.pending ?? 0,
      connectFailures: connections?.connectFailures ?? 0,
      inFlight: this.inFlight,
      health: 'unwatched',
      isEjected: false,
      ejections: 0,
    };
  }

  connect(): void {
    this.channel.connect();
  }

  /** Ends its attempts to connect; it can be asked to connect anew. */
  reset(): void {
    if (this.state === 'idle') return;
    this.channel.close();
    this.state = 'idle';
    this.channel = this.#open();
  }

  /** A call has begun here. */
  begun(): void {
    this.inFlight++;
  }

  ended(): void {
    this.inFlight--;
    if (this.#isRetired && this.inFlight === 0) this.channel.close();
  }

  /** It is no address of the upstream any more: its calls may end, then its connections are closed. */
  retire(): void {
    this.#isRetired = true;
    if (this.inFlight === 0) this.channel.close();
  }

  #open(): Channel {
    const channel = this.#create();
    channel.onStateChange((state) => {
      if (this.channel !== channel || this.#isRetired) return;
      // An attempt after one that failed is still a failure, until it succeeds.
      if (state === 'connecting' && this.state === 'failing') return;
      this.state = state;
      this.#onChange(this);
    });
    return channel;
  }
}
