/** How many calls there are at a time. */
import type { StatusError } from '../status/status-error.ts';
import { tooManyCalls } from './refusals.ts';

/** So many calls at a time for one key. */
export interface Places {
  readonly id: string;
  readonly key: string;
  readonly count: number;
}

/** Frees what was taken. To be called once. */
export type Release = () => void;

export interface PlaceStore {
  /** Takes a place of each. Throws, or rejects with, RESOURCE_EXHAUSTED, and takes none, where one has none left. */
  take(places: readonly Places[]): Release | undefined | Promise<Release | undefined>;
}

/** Nobody knows when a place is free; this is what clients are told to wait. */
const RETRY_MS = 1000;

/** What a caller is told for whom these have no place left. */
export function tooManyAtATime(full: readonly Places[]): StatusError {
  const usedUp = full.map(({ key, count }) => ({ subject: key, allowed: `${count} calls at a time` }));
  return tooManyCalls(usedUp, RETRY_MS, []);
}

/** What the places are known by. */
export function placesOf({ id, key }: Places): string {
  return `${id} ${key}`;
}

/** The calls of this process alone. */
export class Concurrency implements PlaceStore {
  readonly #taken: Map<string, number> = new Map();

  take(places: readonly Places[]): Release | undefined {
    if (places.length === 0) return undefined;
    const full = places.filter((each) => (this.#taken.get(placesOf(each)) ?? 0) >= each.count);
    if (full.length > 0) throw tooManyAtATime(full);
    const keys = places.map(placesOf);
    for (const key of keys) this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
    return () => {
      for (const key of keys) this.#free(key);
    };
  }

  #free(key: string): void {
    const left = (this.#taken.get(key) ?? 0) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }
}
