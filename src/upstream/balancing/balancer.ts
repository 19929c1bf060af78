/**
 * @module A channel over the addresses of an upstream: connects to them, and gives each call to one that can be called. Each idea is a
 * file of this folder; here they are put together.
 */
import { overloaded, unreachable } from '../call-errors.ts';
import type { CallEnd, CallHandler, TransportCall } from '../calls.ts';
import type { AddressStatus, Channel } from '../channel.ts';
import type { PendingLimit } from '../pending-limit.ts';
import type { Target } from '../target.ts';
import type { CallOptions, TransportState } from '../transport.ts';
import { Address } from './address.ts';
import { BalancedCall, type CallPlacer } from './balanced-call.ts';
import type { Pick } from './picker.ts';
import type { Resolution } from './resolution.ts';

export interface BalancerOptions {
  readonly target: string;
  readonly resolution: Resolution;
  /** A channel to one address whose calls do not wait for a connection. */
  readonly createChannel: (target: Target) => Channel;
  readonly pick: Pick;
  /** Connect to one address as long as it can be called, in their order; otherwise to all. */
  readonly isOneAtATime: boolean;
  readonly pending: PendingLimit;
}

export function createBalancer(options: BalancerOptions): Channel {
  return new Balancer(options);
}

class Balancer implements Channel, CallPlacer {
  readonly target: string;
  readonly #options: BalancerOptions;
  /** By their text, in the order of the resolution. */
  #addresses: ReadonlyMap<string, Address> = new Map();
  /** Those that can be called now. */
  #usable: readonly Address[] = [];
  readonly #waiting = new Set<BalancedCall>();
  readonly #listeners = new Set<(state: TransportState) => void>();
  #state: TransportState = 'idle';
  #isClosed = false;

  constructor(options: BalancerOptions) {
    this.target = options.target;
    this.#options = options;
  }

  get state(): TransportState {
    return this.#state;
  }

  get addresses(): readonly AddressStatus[] {
    return [...this.#addresses.values()].map(({ status }) => status);
  }

  begin(options: CallOptions, handler: CallHandler): TransportCall {
    this.connect();
    return new BalancedCall(this, options, handler);
  }

  connect(): void {
    if (this.#state !== 'idle' || this.#isClosed) return;
    this.#setState('connecting');
    this.#readdress();
    this.#options.resolution.start(() => this.#readdress());
  }

  onStateChange(listener: (state: TransportState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#options.resolution.stop();
    for (const { channel } of this.#addresses.values()) channel.close();
  }

  place(call: BalancedCall): void {
    const { pick, pending, resolution } = this.#options;
    if (this.#usable.length > 0) call.begin(pick(this.#usable), false);
    else if (this.#state !== 'failing') {
      if (!pending.enter()) throw overloaded(this.target, `${pending.max} calls wait for a connection`);
      this.#waiting.add(call);
      call.wait();
    } else if (this.#addresses.size > 0) {
      // It fails there at once and says why; and hastens the next attempt.
      call.begin(pick([...this.#addresses.values()]), true);
    } else throw unreachable(this.target, 'its name has no address', resolution.error);
  }

  withdraw(call: BalancedCall): void {
    if (this.#waiting.delete(call)) this.#options.pending.leave();
  }

  ended(_address: Address, _end: CallEnd): void {}

  #readdress(): void {
    const { resolution, createChannel } = this.#options;
    const before = this.#addresses;
    const now = new Map<string, Address>();
    for (const target of resolution.addresses) {
      const known = before.get(target.text);
      const create = (): Channel => createChannel(target);
      now.set(target.text, known ?? new Address(target, create, (address) => this.#onState(address)));
    }
    this.#addresses = now;
    for (const [text, address] of before) if (!now.has(text)) address.retire();
    this.#update();
  }

  #onState(address: Address): void {
    if (address.state === 'failing' || this.#usable.includes(address)) this.#options.resolution.refresh();
    this.#update();
  }

  #update(): void {
    if (this.#isClosed) return;
    const all = [...this.#addresses.values()];
    this.#usable = all.filter(({ state }) => state === 'ready');
    if (this.#options.isOneAtATime) this.#connectToOne(all);
    else for (const address of all) if (address.state === 'idle') address.connect();
    this.#setState(this.#stateOf(all));
    if (this.#state !== 'connecting') this.#serveWaiting();
  }

  // The first that can be called is the one; the others need no connection.
  #connectToOne(all: readonly Address[]): void {
    if (this.#usable.length > 0) {
      for (const address of all) if (address.state !== 'ready') address.reset();
    } else if (!all.some(({ state }) => state === 'connecting')) {
      all.find(({ state }) => state === 'idle')?.connect();
    }
  }

  #stateOf(all: readonly Address[]): TransportState {
    if (this.#usable.length > 0) return 'ready';
    if (all.length === 0) return this.#options.resolution.error === undefined ? 'connecting' : 'failing';
    return all.every(({ state }) => state === 'failing') ? 'failing' : 'connecting';
  }

  #serveWaiting(): void {
    for (const call of [...this.#waiting]) {
      this.withdraw(call);
      call.placeAgain();
    }
  }

  #setState(state: TransportState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
