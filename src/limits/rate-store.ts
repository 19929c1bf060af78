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

/** A store that cannot be reached any more, or can again. */
export interface StoreChange {
  readonly isUp: boolean;
  /** Which one, and what happens meanwhile. */
  readonly message: string;
}

export interface RateStore {
  take(quotas: readonly Quota[]): Taken | Promise<Taken>;
  /** Undefined where there is nothing to be reached. */
  readonly isUp?: boolean;
  /** Has `listener` told of each change instead of whoever was told before; nobody is, and a loss is a warning of the process. */
  onChange?(listener: (change: StoreChange) => void): void;
  /** Connects before the first call, which otherwise does. Never rejects. */
  start?(): Promise<void>;
  close?(): void;
}
