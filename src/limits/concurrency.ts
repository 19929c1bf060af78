/** How many calls there are at a time in this process. */
import { tooManyCalls } from './refusals.ts';

/** So many calls at a time for one key. */
export interface Places {
  readonly id: string;
  readonly key: string;
  readonly count: number;
}

/** Nobody knows when a place is free; this is what clients are told to wait. */
const RETRY_MS = 1000;

export class Concurrency {
  readonly #taken: Map<string, number> = new Map();

  /** Takes a place of each; what it gives frees them. Throws RESOURCE_EXHAUSTED, and takes none, where one has none left. */
  take(places: readonly Places[]): (() => void) | undefined {
    if (places.length === 0) return undefined;
    const full = places.filter(({ id, key, count }) => (this.#taken.get(`${id} ${key}`) ?? 0) >= count);
    if (full.length > 0) {
      throw tooManyCalls(
        full.map(({ key, count }) => ({ subject: key, allowed: `${count} calls at a time` })),
        RETRY_MS,
        [],
      );
    }
    const keys = places.map(({ id, key }) => `${id} ${key}`);
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
