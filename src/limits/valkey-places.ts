/**
 * Calls at a time of all gateways together: each holds its places by a lease in the store, which it renews for as long as its call goes on. What
 * a gateway held that died is free once its leases have run out. While the store does not answer, each process counts its own.
 */
import { randomUUID } from 'node:crypto';
import { type PlaceStore, type Places, placesOf, type Release, tooManyAtATime } from './concurrency.ts';
import type { ValkeyStore } from './valkey-store.ts';

const LEASE_MS = 30_000;
/** Nothing else is answered while a script runs. */
const MAX_KEYS = 500;

export class ValkeyPlaces implements PlaceStore {
  readonly #store: ValkeyStore;
  readonly #substitute: PlaceStore;
  readonly #leaseMs: number;
  /** Of this process. */
  readonly #name = randomUUID();
  #count = 0;
  /** The keys of the places, by their lease. */
  readonly #held: Map<string, readonly string[]> = new Map();
  #renewal: NodeJS.Timeout | undefined;

  constructor(store: ValkeyStore, substitute: PlaceStore, leaseMs: number = LEASE_MS) {
    this.#store = store;
    this.#substitute = substitute;
    this.#leaseMs = leaseMs;
  }

  take(places: readonly Places[]): Release | undefined | Promise<Release | undefined> {
    return places.length === 0 ? undefined : this.#take(places);
  }

  async #take(places: readonly Places[]): Promise<Release | undefined> {
    const keys = places.map((each) => this.#store.keyOf(`places:${placesOf(each)}`));
    const lease = `${this.#name}:${this.#count++}`;
    const numbers = [this.#leaseMs, ...places.map(({ count }) => count)];
    const full = await this.#store.ask((client) => client.tandemPlace(keys.length, ...keys, lease, ...numbers));
    if (full?.length === 0) return this.#hold(lease, keys);
    if (full !== undefined) throw tooManyAtATime(places.filter((_, index) => full.includes(index + 1)));
    // It may have taken them all the same, and have been late to say so.
    this.#giveBack(lease, keys);
    return this.#store.without(() => this.#substitute.take(places));
  }

  #hold(lease: string, keys: readonly string[]): Release {
    this.#held.set(lease, keys);
    this.#renewal ??= setInterval(() => this.#renew(), this.#leaseMs / 3).unref();
    return () => {
      this.#held.delete(lease);
      this.#giveBack(lease, keys);
    };
  }

  #giveBack(lease: string, keys: readonly string[]): void {
    for (const key of keys) this.#store.tell((client) => client.zrem(key, lease));
  }

  /** Places that the store has forgotten meanwhile are taken again: their calls go on. */
  #renew(): void {
    if (this.#held.size === 0) {
      clearInterval(this.#renewal);
      this.#renewal = undefined;
      return;
    }
    const pairs = [...this.#held].flatMap(([lease, keys]) => keys.map((key) => [key, lease] as const));
    for (let at = 0; at < pairs.length; at += MAX_KEYS) {
      const some = pairs.slice(at, at + MAX_KEYS);
      const [keys, leases] = [some.map(([key]) => key), some.map(([, lease]) => lease)];
      this.#store.tell((client) => client.tandemKeep(keys.length, ...keys, this.#leaseMs, ...leases));
    }
  }
}
