/** Where calls are counted. */

/** So many calls in each window of so many milliseconds, for one key. A window begins with its first call. */
export interface Quota {
  /** The rate it belongs to: counts of one rate never meet those of another. */
  readonly id: string;
  readonly key: string;
  readonly count: number;
  readonly windowMs: number;
  /** What it allows, in words. */
  readonly allowed: string;
}

/** How a quota stands. */
export interface Standing {
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

export interface Taken {
  /** False when a quota is used up: then the call is counted nowhere. */
  readonly isAllowed: boolean;
  /** One for each quota, in order. */
  readonly standings: readonly Standing[];
}

export interface RateStore {
  take(quotas: readonly Quota[]): Taken | Promise<Taken>;
  /** Undefined where there is nothing to be reached. */
  readonly isUp?: boolean;
  /** Connects before the first call, which otherwise does. Never rejects. */
  start?(): Promise<void>;
  close?(): void;
}
