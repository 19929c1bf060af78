/** What the user may choose about how often may be called: the names are those of the configuration's keys under `limits.calls`. */

/** `100/1m` */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
  /** As it was written: `1m`. */
  readonly window: string;
}

/** What calls are counted by: together they are one key. Of nothing: all calls together. */
export type Per = 'identity' | 'address' | 'method';

export interface CallLimitOptions {
  readonly name: string | undefined;
  readonly methods: readonly string[];
  readonly per: readonly Per[];
  readonly rates: readonly Rate[];
  readonly concurrent: number | undefined;
}

/** Where several gateways count together. */
export interface StoreOptions {
  readonly url: string;
  readonly whenDown: 'allow' | 'refuse';
  /** In milliseconds. */
  readonly timeout: number;
  readonly prefix: string;
}
