/**
 * How many calls of one upstream may wait for a connection, and how long: Envoy's `max_pending_requests`.
 */
export class PendingLimit {
  readonly max: number;
  readonly timeoutMs: number;
  /** Calls that failed because too many waited. */
  overflows = 0;
  /** Calls that waited too long. */
  timeouts = 0;
  #count = 0;

  constructor(max = 1024, timeoutMs = 1000) {
    this.max = max;
    this.timeoutMs = timeoutMs;
  }

  get count(): number {
    return this.#count;
  }

  /** False when no more may wait. */
  enter(): boolean {
    if (this.#count < this.max) {
      this.#count++;
      return true;
    }
    this.overflows++;
    return false;
  }

  leave(): void {
    this.#count--;
  }
}
