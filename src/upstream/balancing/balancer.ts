/**
 * @module A channel over the addresses of an upstream: connects to them, and gives each call to one that can be called. Each idea is a
 * file of this folder; here they are put together.
 */

import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { overloaded, unreachable } from '../call-errors.ts';
import type { CallEnd, CallHandler, TransportCall } from '../calls.ts';
import type { AddressStatus, Channel } from '../channel.ts';
import type { PendingLimit } from '../pending-limit.ts';
import type { Target } from '../target.ts';
import type { CallOptions, TransportState } from '../transport.ts';
import { Address, type AddressOptions } from './address.ts';
import { BalancedCall, type CallPlacer } from './balanced-call.ts';
import type { Clock } from './clock.ts';
import type { HealthCheck } from './health-watch.ts';
import type { OutlierDetector } from './outlier-detector.ts';
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
  readonly health?: HealthCheck | undefined;
  readonly outliers?: OutlierDetector<Address> | undefined;
  readonly clock: Clock;
}

// What tells of a server that is not well; other failures are the answers of one that is, or of its client's leaving.
const serverFailures: ReadonlySet<GrpcCode> = new Set([
  GrpcCode.UNKNOWN,
  GrpcCode.DEADLINE_EXCEEDED,
  GrpcCode.INTERNAL,
  GrpcCode.UNAVAILABLE,
  GrpcCode.DATA_LOSS,
]);

// How long an attempt to connect is waited for before the next address is tried as well.
const headStartMs = 250;

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
  #isUpdating = false;
  #isStale = false;
  #stopSweeping: () => void = () => {};
  #cancelRival: () => void = () => {};
  readonly #addressOptions: AddressOptions;

  constructor(options: BalancerOptions) {
    this.target = options.target;
    this.#options = options;
    const { createChannel, health } = options;
    this.#addressOptions = { createChannel, health, onChange: (address) => this.#onAddress(address) };
  }

  get state(): TransportState {
    return this.#state;
  }

  get addresses(): readonly AddressStatus[] {
    return [...this.#addresses.values()].map((address) => ({
      ...address.status,
      isEjected: this.#isEjected(address),
      ejections: this.#options.outliers?.ejectionsOf(address) ?? 0,
    }));
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
    this.#sweepLater();
  }

  onStateChange(listener: (state: TransportState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#options.resolution.stop();
    this.#stopSweeping();
    this.#cancelRival();
    for (const address of this.#addresses.values()) address.close();
  }

  place(call: BalancedCall): void {
    const { pick, pending } = this.#options;
    if (this.#usable.length > 0) call.begin(pick(this.#usable), false);
    else if (this.#state !== 'failing') {
      if (!pending.enter()) throw overloaded(this.target, `its limit of waiting calls, ${pending.max}, is reached`);
      this.#waiting.add(call);
      call.wait();
    } else this.#placeFailing(call);
  }

  #placeFailing(call: BalancedCall): void {
    const all = [...this.#addresses.values()];
    const failing = all.filter(({ state }) => state === 'failing');
    // It fails there at once and says why; and hastens the next attempt.
    if (failing.length > 0) call.begin(this.#options.pick(failing), true);
    else if (all.length === 0)
      throw unreachable(this.target, 'its name has no address', this.#options.resolution.error);
    else throw new StatusError(GrpcCode.UNAVAILABLE, `upstream ${this.target} says that it is not serving`);
  }

  withdraw(call: BalancedCall): void {
    if (this.#waiting.delete(call)) this.#options.pending.leave();
  }

  ended(address: Address, { error, retry }: CallEnd): void {
    const { outliers, clock } = this.#options;
    if (outliers === undefined || error?.code === GrpcCode.CANCELLED || retry === 'unseen' || retry === 'never') return;
    const isFailure = error !== undefined && serverFailures.has(error.code);
    if (outliers.record(address, isFailure, clock.now())) this.#update();
  }

  #sweepLater(): void {
    const { outliers, clock } = this.#options;
    if (outliers === undefined) return;
    this.#stopSweeping = clock.after(outliers.config.intervalMs, () => {
      outliers.sweep(clock.now());
      this.#update();
      this.#sweepLater();
    });
  }

  #readdress(): void {
    const { resolution, outliers } = this.#options;
    const before = this.#addresses;
    const now = new Map<string, Address>();
    for (const target of resolution.addresses) {
      now.set(target.text, before.get(target.text) ?? new Address(target, this.#addressOptions));
    }
    this.#addresses = now;
    outliers?.keep([...now.values()]);
    for (const [text, address] of before) if (!now.has(text)) address.retire();
    this.#update();
  }

  #onAddress(address: Address): void {
    if (address.state === 'failing' || (address.state !== 'ready' && this.#usable.includes(address))) {
      this.#options.resolution.refresh();
    }
    this.#update();
  }

  // What connects or is served may change an address at once: that is for the next round, but for who can be called.
  #update(): void {
    const all = [...this.#addresses.values()];
    this.#usable = this.#usableOf(all);
    if (this.#isUpdating) this.#isStale = true;
    if (this.#isUpdating || this.#isClosed) return;
    this.#isUpdating = true;
    this.#isStale = false;
    if (this.#options.isOneAtATime) this.#connectToOne(all);
    else for (const address of all) if (address.state === 'idle') address.connect();
    this.#setState(this.#stateOf(all));
    if (this.#state !== 'connecting') this.#serveWaiting();
    this.#isUpdating = false;
    if (this.#isStale) this.#update();
  }

  // When all that serve are ejected, they are better than none.
  #usableOf(all: readonly Address[]): readonly Address[] {
    const serving = all.filter(({ isServing }) => isServing);
    const good = serving.filter((address) => !this.#isEjected(address));
    return good.length > 0 ? good : serving;
  }

  #isEjected(address: Address): boolean {
    return this.#options.outliers?.isEjected(address) ?? false;
  }

  // The first that can be called is the one; the others need no connection. One that is slow to connect gets a rival (as in gRFC A61).
  #connectToOne(all: readonly Address[]): void {
    if (this.#usable.some((address) => !this.#isEjected(address))) {
      this.#cancelRival();
      this.#cancelRival = () => {};
      for (const address of all) if (address.state !== 'ready') address.reset();
      return;
    }
    const next = all.find(({ state }) => state === 'idle');
    if (!all.some(({ isPending }) => isPending)) next?.connect();
    else if (next !== undefined) {
      this.#cancelRival();
      this.#cancelRival = this.#options.clock.after(headStartMs, () => next.connect());
    }
  }

  #stateOf(all: readonly Address[]): TransportState {
    if (this.#usable.length > 0) return 'ready';
    if (all.length === 0) return this.#options.resolution.error === undefined ? 'connecting' : 'failing';
    return all.some(({ state, isPending }) => isPending || state === 'idle') ? 'connecting' : 'failing';
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
