/**
 * When a failed call is tried again: gRFC A6, its rules as numbers without a clock.
 * https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
import type { GrpcCode } from '../../status/code.ts';
import type { RetryHint } from '../calls.ts';

/** `retryPolicy` of gRPC's service config. */
export interface RetryPolicy {
  /** The first one counted; 1 is no retry. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly retryableStatusCodes: ReadonlySet<GrpcCode>;
}

/** `retryThrottling` of gRPC's service config. */
export interface RetryThrottling {
  readonly maxTokens: number;
  readonly tokenRatio: number;
}

/**
 * The budget of one upstream: each failure that could be tried again takes a token, each success gives back a part of one,
 * and below half of them nothing is tried again. So an upstream that is down is not called more often for it.
 */
export class RetryBudget {
  readonly #max: number;
  readonly #ratio: number;
  #tokens: number;
  /** Attempts beyond the first. */
  retries = 0;
  /** Failures that the budget let be. */
  throttled = 0;

  constructor({ maxTokens, tokenRatio }: RetryThrottling) {
    this.#max = maxTokens;
    this.#ratio = tokenRatio;
    this.#tokens = maxTokens;
  }

  succeeded(): void {
    this.#tokens = Math.min(this.#max, this.#tokens + this.#ratio);
  }

  failed(): void {
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  get hasTokens(): boolean {
    return this.#tokens > this.#max / 2;
  }
}

/** The retries of one call: how many there were, and how long the next one waits. */
export class RetryState {
  readonly #policy: RetryPolicy;
  readonly #budget: RetryBudget;
  /** Attempts that have ended. */
  attempts = 0;
  #backoffs = 0;

  constructor(policy: RetryPolicy, budget: RetryBudget) {
    this.#policy = policy;
    this.#budget = budget;
  }

  /**
   * Milliseconds until the next attempt, after one that failed with `code`; undefined when there is none. `random` is from
   * 0 to 1: the pause is within 20 % of what the policy says.
   */
  next(code: GrpcCode, hint: RetryHint | undefined, random: number): number | undefined {
    this.attempts++;
    const { maxAttempts, retryableStatusCodes } = this.#policy;
    const isRetryable = retryableStatusCodes.has(code);
    if (isRetryable || hint === 'never') this.#budget.failed();
    if (!isRetryable || hint === 'never' || this.attempts >= maxAttempts) return undefined;
    if (!this.#budget.hasTokens) {
      this.#budget.throttled++;
      return undefined;
    }
    if (typeof hint !== 'number') return this.#backoff(random);
    // The upstream has said when: the pauses begin anew after it.
    this.#backoffs = 0;
    return hint;
  }

  #backoff(random: number): number {
    const { initialBackoffMs, maxBackoffMs, backoffMultiplier } = this.#policy;
    const pauseMs = Math.min(maxBackoffMs, initialBackoffMs * backoffMultiplier ** this.#backoffs++);
    return Math.round(pauseMs * (0.8 + 0.4 * random));
  }
}
