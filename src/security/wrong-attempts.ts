/**
 * How often an address has guessed wrong. Attempts that are still being verified count as wrong, so that many at once gain nothing.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { addressPrefix } from './address-prefix.ts';

const WINDOW_MS = 60_000;
const MAX_WRONG = 10;
const MAX_ADDRESSES = 100_000;

interface Count {
  wrong: number;
  readonly until: number;
}

export class WrongAttempts {
  readonly #counts: Map<string, Count> = new Map();
  readonly #elapsed: () => number;

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** Counts an attempt; what it gives takes it back, for one that was right. Throws 429 when there were too many. */
  begin(address: string): () => void {
    const now = this.#elapsed();
    const prefix = addressPrefix(address);
    let count = this.#counts.get(prefix);
    if (count === undefined || count.until <= now) {
      this.#makeRoom();
      count = { wrong: 0, until: now + WINDOW_MS };
      // The oldest stand first.
      this.#counts.delete(prefix);
      this.#counts.set(prefix, count);
    }
    if (count.wrong >= MAX_WRONG) throw tooMany(count.until - now);
    count.wrong++;
    const counted = count;
    return () => void counted.wrong--;
  }

  #makeRoom(): void {
    if (this.#counts.size < MAX_ADDRESSES) return;
    for (const [oldest] of this.#counts) return void this.#counts.delete(oldest);
  }
}

function tooMany(waitMs: number): StatusError {
  const seconds = String(Math.ceil(waitMs / 1000));
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, 'too many wrong passwords from this address', {
    headers: [['retry-after', seconds]],
  });
}
