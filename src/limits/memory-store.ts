/** Counts of this process alone. */
import type { Quota, RateStore, Standing, Taken } from './rate-store.ts';

/** Keys of one rate that are counted at a time; beyond it the window that ends soonest is given up. About 15 MiB. */
const MAX_KEYS = 100_000;

interface Window {
  used: number;
  readonly end: number;
}

type Windows = Map<string, Window>;

export class MemoryStore implements RateStore {
  /** By rate. All windows of one last equally long, so that the first of a map is the first to end. */
  readonly #rates: Map<string, Windows> = new Map();
  readonly #elapsed: () => number;

  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed;
  }

  take(quotas: readonly Quota[]): Taken {
    const now = this.#elapsed();
    const found = quotas.map((quota) => ({ quota, window: this.#windowOf(quota, now) }));
    const isAllowed = found.every(({ quota, window }) => window.used < quota.count);
    if (isAllowed) for (const { window } of found) window.used++;
    const standings = found.map(({ quota, window }): Standing => {
      return { remaining: Math.max(0, quota.count - window.used), resetMs: window.end - now };
    });
    return { isAllowed, standings };
  }

  #windowOf({ id, key, windowMs }: Quota, now: number): Window {
    const windows: Windows = this.#rates.get(id) ?? new Map();
    this.#rates.set(id, windows);
    const known = windows.get(key);
    if (known !== undefined && known.end > now) return known;
    windows.delete(key);
    makeRoom(windows, now);
    const window = { used: 0, end: now + windowMs };
    windows.set(key, window);
    return window;
  }
}

function makeRoom(windows: Windows, now: number): void {
  for (const [oldest, { end }] of windows) {
    if (end > now && windows.size < MAX_KEYS) return;
    windows.delete(oldest);
  }
}
