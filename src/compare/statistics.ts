/** What a list of durations says, and what it does not: percentiles, and whether two lists differ by more than chance. */

export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** The difference of two medians, right less left, and the interval that holds it in 95 of 100 repetitions. */
export interface MedianDifference {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** False when the interval holds 0: no difference was seen. */
  readonly isSeen: boolean;
}

/** Durations need not be sorted; there must be one. */
export function summarize(durations: readonly number[]): Summary {
  const sorted = Float64Array.from(durations).sort();
  return {
    count: sorted.length,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    min: percentile(sorted, 0),
    p50: percentile(sorted, 50),
    p90: percentile(sorted, 90),
    p99: percentile(sorted, 99),
    max: percentile(sorted, 100),
  };
}

/** The value below which `percent` of the sorted values lie, between two of them by their distance. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const at = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

const RESAMPLES = 1000;

/**
 * By the percentile bootstrap (Efron): both lists are drawn anew from themselves, and what the medians' difference does meanwhile is its interval.
 * The draws come from a fixed seed: the same durations say the same.
 */
export function compareMedians(left: readonly number[], right: readonly number[]): MedianDifference {
  const draw = createRandom(left.length * 31 + right.length);
  const differences = new Float64Array(RESAMPLES);
  const [drawLeft, drawRight] = [medianDrawer(left, draw), medianDrawer(right, draw)];
  for (let index = 0; index < RESAMPLES; index++) differences[index] = drawRight() - drawLeft();
  differences.sort();
  const [low, high] = [percentile(differences, 2.5), percentile(differences, 97.5)];
  const difference = summarize(right).p50 - summarize(left).p50;
  return { difference, low, high, isSeen: low > 0 || high < 0 };
}

/** From so many values on, the median of a new draw is taken by its rank alone. */
const MANY = 1000;

/**
 * Draws medians of lists that are drawn anew from `values`. Of a long list the median's rank is normal to within what can be seen (its Beta
 * distribution has a deviation of √n / 2), and drawing that costs one number, not n.
 */
function medianDrawer(values: readonly number[], draw: () => number): () => number {
  if (values.length < MANY) {
    return () =>
      percentile(Float64Array.from(values, () => values[Math.floor(draw() * values.length)] as number).sort(), 50);
  }
  const sorted = Float64Array.from(values).sort();
  const deviation = 50 / Math.sqrt(values.length);
  return () => percentile(sorted, Math.min(100, Math.max(0, 50 + deviation * normal(draw))));
}

/** A standard normal number (Box and Muller). */
function normal(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

/** Mulberry32: numbers from 0 up to 1. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Student's t of 95 %, two-sided, by degrees of freedom from 1 on. */
const studentT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** The mean of values of one kind, and how far to both sides of it 95 of 100 repetitions would find it. One value tells nothing of that. */
export function meanOf(values: readonly number[]): { readonly mean: number; readonly margin: number | undefined } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, margin: undefined };
  const freedom = count - 1;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / freedom;
  // Beyond the table by Cornish and Fisher, right to the third digit.
  const t = studentT[freedom - 1] ?? 1.96 + 2.372 / freedom + 2.823 / freedom ** 2;
  return { mean, margin: t * Math.sqrt(variance / count) };
}

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** How many durations fall where, in bins of one width from the least to the 99th percentile; the rest stands in the last one. */
export function histogram(durations: readonly number[], bins: number): readonly Bin[] {
  const { min, p99 } = summarize(durations);
  const width = (p99 - min) / bins || 1;
  const counts = new Array<number>(bins).fill(0);
  for (const duration of durations) {
    const index = Math.min(bins - 1, Math.floor((duration - min) / width));
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts.map((count, index) => ({ from: min + index * width, to: min + (index + 1) * width, count }));
}
