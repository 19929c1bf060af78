/**
 * What is counted of one method in one step of time, or of many together: numbers in one array, so that cells are added up place by place,
 * here and between processes.
 */
import { GrpcCode } from '../../status/code.ts';

export type Cell = Float64Array;

/** Calls by code stand at the code; behind them: */
export const at = {
  messages: 17,
  /** Of messages as protobuf. */
  bytes: 18,
  /** Messages that were converted to JSON as well, and their bytes as either. */
  sampled: 19,
  sampledBytes: 20,
  sampledJson: 21,
  /** Calls of methods with streams, whose durations say nothing of how fast the service is. */
  streams: 22,
  /** In sums: what all messages would be as JSON, and the bytes of those of which that cannot be told. */
  json: 23,
  unknownBytes: 24,
} as const;

const firstLatency = 25;

/** Upper end of the first bucket; each of the others ends 2^(1/4), or 19 %, higher, and the last takes everything beyond. */
const LEAST_MS = 0.1;
const perOctave = 4;
const buckets = 88;
const cellLength: number = firstLatency + buckets;

/** Milliseconds up to which durations are told apart. */
export const MOST_MS: number = LEAST_MS * 2 ** ((buckets - 2) / perOctave);

export function emptyCell(): Cell {
  return new Float64Array(cellLength);
}

export function addDuration(cell: Cell, ms: number): void {
  const index = Math.ceil(perOctave * Math.log2(Math.max(ms, LEAST_MS) / LEAST_MS));
  increase(cell, firstLatency + Math.min(index, buckets - 1), 1);
}

export function increase(cell: Cell, place: number, by: number): void {
  cell[place] = (cell[place] ?? 0) + by;
}

/** Adds a cell to another. Without `hasDurations` those of methods with streams are left out. */
export function addCell(into: Cell, cell: Cell, hasDurations = true): void {
  const end = hasDurations || cell[at.streams] === 0 ? cellLength : firstLatency;
  for (let place = 0; place < end; place++) into[place] = (into[place] ?? 0) + (cell[place] ?? 0);
}

export function callsIn(cell: Cell): number {
  let calls = 0;
  for (const code of Object.values(GrpcCode)) calls += cell[code] ?? 0;
  return calls;
}

/**
 * The duration that the given share of calls did not exceed, as the end of its bucket: at most 19 % above the truth, never below it. Undefined
 * without calls, Infinity beyond MOST_MS.
 */
export function percentile(cell: Cell, share: number): number | undefined {
  let all = 0;
  for (let place = firstLatency; place < cellLength; place++) all += cell[place] ?? 0;
  if (all === 0) return undefined;
  const wanted = Math.ceil(all * share);
  let index = 0;
  for (let seen = cell[firstLatency] ?? 0; seen < wanted; seen += cell[firstLatency + index] ?? 0) index++;
  return index === buckets - 1 ? Number.POSITIVE_INFINITY : LEAST_MS * 2 ** (index / perOctave);
}

/** Adds what the messages of a cell of one method would be as JSON, by those that were converted, to a sum. */
export function addJsonEstimate(sum: Cell, cell: Cell): void {
  const value = (place: number): number => cell[place] ?? 0;
  if (value(at.sampled) === 0) {
    increase(sum, at.unknownBytes, value(at.bytes));
    return;
  }
  // An empty message has no bytes, and two as JSON.
  const each = value(at.sampledJson) / value(at.sampled);
  const isEmpty = value(at.sampledBytes) === 0;
  const json = isEmpty ? value(at.messages) * each : (value(at.bytes) * value(at.sampledJson)) / value(at.sampledBytes);
  increase(sum, at.json, json);
}

/** What the messages of a sum would be as JSON; undefined where nothing is known of them. */
export function jsonBytes(sum: Cell): number | undefined {
  const [json = 0, unknown = 0, bytes = 0] = [sum[at.json], sum[at.unknownBytes], sum[at.bytes]];
  if (json === 0) return undefined;
  return Math.round(bytes === unknown ? json : (json * bytes) / (bytes - unknown));
}

/** Places and values in turn, of those that are not 0. */
export type PackedCell = readonly number[];

export function packCell(cell: Cell): PackedCell {
  const packed: number[] = [];
  for (let place = 0; place < cellLength; place++) {
    const value = cell[place] ?? 0;
    if (value !== 0) packed.push(place, value);
  }
  return packed;
}

export function unpackCell(packed: PackedCell): Cell {
  const cell = emptyCell();
  for (let index = 0; index + 1 < packed.length; index += 2) cell[packed[index] ?? 0] = packed[index + 1] ?? 0;
  return cell;
}
