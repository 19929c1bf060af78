/**
 * Addresses that fail more than the others are called no more for a while: gRFC A50 (names of Envoy's), as numbers without a clock.
 * https://github.com/grpc/proposal/blob/master/A50-xds-outlier-detection.md
 */

/** Milliseconds, percentages from 0 to 100. */
export interface OutlierDetection {
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  readonly maxEjectionTimeMs: number;
  readonly maxEjectionPercent: number;
  /** Failures in a row that eject at once, as Envoy does; 0 is off. */
  readonly consecutiveFailures: number;
  readonly successRateEjection?: SuccessRateEjection | undefined;
  readonly failurePercentageEjection?: FailurePercentageEjection | undefined;
}

interface Ejection {
  /** So many of the ejections that are due happen. */
  readonly enforcementPercentage: number;
  /** With fewer addresses that have the volume nothing is compared. */
  readonly minimumHosts: number;
  /** Calls in an interval. */
  readonly requestVolume: number;
}

export interface SuccessRateEjection extends Ejection {
  /** Thousandths of a standard deviation below the mean. */
  readonly stdevFactor: number;
}

export interface FailurePercentageEjection extends Ejection {
  readonly threshold: number;
}

interface Record {
  successes: number;
  failures: number;
  failuresInRow: number;
  ejectedAt: number | undefined;
  /** How long it is ejected, in base times: more with each ejection, less with each interval that it is not. */
  multiplier: number;
  ejections: number;
}

/** `Address` is whatever the addresses are known by. */
export class OutlierDetector<Address> {
  readonly config: OutlierDetection;
  readonly #random: () => number;
  readonly #records = new Map<Address, Record>();

  /** `random` gives numbers from 0 to below 1. */
  constructor(config: OutlierDetection, random: () => number = Math.random) {
    this.config = config;
    this.#random = random;
  }

  isEjected(address: Address): boolean {
    return this.#records.get(address)?.ejectedAt !== undefined;
  }

  ejectionsOf(address: Address): number {
    return this.#records.get(address)?.ejections ?? 0;
  }

  /** These are the addresses now. */
  keep(addresses: readonly Address[]): void {
    for (const address of addresses) {
      if (!this.#records.has(address)) this.#records.set(address, newRecord());
    }
    for (const address of this.#records.keys()) if (!addresses.includes(address)) this.#records.delete(address);
  }

  /** A call has ended there. True when that ejects the address. */
  record(address: Address, isFailure: boolean, now: number): boolean {
    const record = this.#records.get(address);
    if (record === undefined) return false;
    if (!isFailure) {
      record.successes++;
      record.failuresInRow = 0;
      return false;
    }
    record.failures++;
    record.failuresInRow++;
    const { consecutiveFailures } = this.config;
    if (consecutiveFailures === 0 || record.failuresInRow < consecutiveFailures) return false;
    return this.#eject(record, 100, now);
  }

  /** An interval is over: ejects who failed in it, lets in again whose time is over. */
  sweep(now: number): void {
    const { successRateEjection, failurePercentageEjection } = this.config;
    if (successRateEjection) this.#ejectByRate(successRateEjection, now);
    if (failurePercentageEjection) this.#ejectByPercentage(failurePercentageEjection, now);
    for (const record of this.#records.values()) {
      record.successes = 0;
      record.failures = 0;
      if (record.ejectedAt === undefined) record.multiplier = Math.max(0, record.multiplier - 1);
      else if (now >= record.ejectedAt + this.#ejectionTime(record)) record.ejectedAt = undefined;
    }
  }

  #ejectByRate(ejection: SuccessRateEjection, now: number): void {
    const judged = this.#judged(ejection);
    const rates = judged.map(({ successes, failures }) => successes / (successes + failures));
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
    const required = mean - Math.sqrt(variance) * (ejection.stdevFactor / 1000);
    for (const [index, record] of judged.entries()) {
      if ((rates[index] ?? 1) < required) this.#eject(record, ejection.enforcementPercentage, now);
    }
  }

  #ejectByPercentage(ejection: FailurePercentageEjection, now: number): void {
    for (const record of this.#judged(ejection)) {
      const percentage = (100 * record.failures) / (record.successes + record.failures);
      if (percentage > ejection.threshold) this.#eject(record, ejection.enforcementPercentage, now);
    }
  }

  /** Those with enough calls to be compared; none when they are too few. */
  #judged({ minimumHosts, requestVolume }: Ejection): readonly Record[] {
    const judged = [...this.#records.values()].filter(
      ({ successes, failures }) => successes + failures >= Math.max(1, requestVolume),
    );
    return judged.length < minimumHosts ? [] : judged;
  }

  #eject(record: Record, enforcementPercentage: number, now: number): boolean {
    const records = [...this.#records.values()];
    const ejected = records.filter(({ ejectedAt }) => ejectedAt !== undefined).length;
    if (record.ejectedAt !== undefined || (100 * ejected) / records.length >= this.config.maxEjectionPercent)
      return false;
    if (this.#random() * 100 >= enforcementPercentage) return false;
    record.ejectedAt = now;
    record.failuresInRow = 0;
    record.multiplier++;
    record.ejections++;
    return true;
  }

  #ejectionTime({ multiplier }: Record): number {
    const { baseEjectionTimeMs, maxEjectionTimeMs } = this.config;
    return Math.min(baseEjectionTimeMs * multiplier, Math.max(baseEjectionTimeMs, maxEjectionTimeMs));
  }
}

function newRecord(): Record {
  return { successes: 0, failures: 0, failuresInRow: 0, ejectedAt: undefined, multiplier: 0, ejections: 0 };
}
