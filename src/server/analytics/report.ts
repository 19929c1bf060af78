/** What the page shows and the exports hold: figures made of cells. */
import { GrpcCode } from '../../status/code.ts';
import { addCell, at, type Cell, callsIn, emptyCell, jsonBytes, MOST_MS, percentile } from './cell.ts';
import { type Example, exampleKey } from './examples.ts';
import { STEP_MS, stepOf, type Tally } from './steps.ts';
import type { Joined, UpstreamHealth } from './telling.ts';

/** Figures of some calls. Milliseconds are ends of buckets: at most 19 % above the truth, null beyond `mostMs`. */
export interface Figures {
  readonly calls: number;
  readonly errors: number;
  /** Calls that failed, by code. */
  readonly codes: Readonly<Record<string, number>>;
  readonly latencyMs?: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** Of messages as protobuf, in both directions. */
  readonly protobufBytes: number;
  /** The same messages as JSON, estimated by `sampled` of them. */
  readonly jsonBytes?: number;
  readonly sampled: number;
}

export interface Report {
  /** Milliseconds since 1970, like all times here. */
  readonly now: number;
  /** Since when calls are counted in this report. */
  readonly since: number;
  readonly stepMs: number;
  readonly mostMs: number;
  /** Calls that have begun and not ended. */
  readonly open: number;
  /** That have told what they know: workers, and replicas that share a store. */
  readonly processes: number;
  /** False when another was late, or the store that replicas share is gone. */
  readonly isComplete: boolean;
  readonly total: Figures;
  /** Those that are called most; `others` is how many are left out. */
  readonly methods: readonly (Figures & { readonly method: string })[];
  readonly others: number;
  /** Step by step, of those that have ended; steps without calls are left out. */
  readonly course: readonly (Figures & { readonly at: number })[];
  readonly errors: readonly Failure[];
  readonly callers: Joined['callers'];
  readonly upstreams: readonly UpstreamHealth[];
}

interface Failure {
  readonly method: string;
  readonly code: string;
  readonly calls: number;
  readonly example?: Omit<Example, 'method' | 'code'>;
}

/** Rows that a page can show. */
const maxMethods = 200;
const maxErrors = 100;

export function reportOf(joined: Joined, asked: Pick<Report, 'since' | 'now' | 'processes' | 'isComplete'>): Report {
  const { now, processes, isComplete } = asked;
  const total = emptyCell();
  for (const cell of joined.methods.values()) addCell(total, cell, false);
  const methods = [...joined.methods]
    .map(([method, cell]) => ({ method, ...figuresOf(cell) }))
    .sort((one, other) => other.calls - one.calls);
  return {
    now,
    since: Math.max(asked.since, joined.since),
    stepMs: STEP_MS,
    mostMs: MOST_MS,
    open: joined.open,
    processes,
    isComplete,
    total: figuresOf(total),
    methods: methods.slice(0, maxMethods),
    others: Math.max(0, methods.length - maxMethods),
    course: courseOf(joined.course).filter((step) => step.at < stepOf(now)),
    errors: failuresOf(joined).slice(0, maxErrors),
    callers: joined.callers,
    upstreams: joined.upstreams,
  };
}

function courseOf(tally: Tally): readonly (Figures & { readonly at: number })[] {
  return [...tally]
    .map(([step, cell]) => ({ at: Number(step), ...figuresOf(cell) }))
    .sort((one, other) => one.at - other.at);
}

function failuresOf({ methods, examples }: Joined): readonly Failure[] {
  const byKey = new Map(examples.map((example) => [exampleKey(example.method, example.code), example]));
  const failures = [...methods].flatMap(([method, cell]) =>
    Object.entries(codesOf(cell)).map(([code, calls]) => {
      const found = byKey.get(exampleKey(method, code));
      if (found === undefined) return { method, code, calls };
      const { method: _method, code: _code, ...example } = found;
      return { method, code, calls, example };
    }),
  );
  return failures.sort((one, other) => other.calls - one.calls);
}

function figuresOf(cell: Cell): Figures {
  const calls = callsIn(cell);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(cell, share));
  const json = jsonBytes(cell);
  return {
    calls,
    errors: calls - (cell[GrpcCode.OK] ?? 0),
    codes: codesOf(cell),
    ...(p50 !== undefined && p95 !== undefined && p99 !== undefined && { latencyMs: { p50, p95, p99 } }),
    protobufBytes: cell[at.bytes] ?? 0,
    ...(json !== undefined && { jsonBytes: json }),
    sampled: cell[at.sampled] ?? 0,
  };
}

function codesOf(cell: Cell): Record<string, number> {
  const counts = Object.entries(GrpcCode).map(([name, code]) => [name, cell[code] ?? 0] as const);
  return Object.fromEntries(counts.filter(([name, count]) => name !== 'OK' && count > 0));
}

/** A row of figures for each method and step. */
export interface WholeRow extends Figures {
  readonly at: string;
  readonly method: string;
}

export function wholeRows({ whole }: Joined): readonly WholeRow[] {
  // By time, then by method: times have the same length.
  const keys = [...whole.keys()].sort();
  return keys.map((key) => {
    const space = key.indexOf(' ');
    const step = new Date(Number(key.slice(0, space))).toISOString();
    return { at: step, method: key.slice(space + 1), ...figuresOf(whole.get(key) ?? emptyCell()) };
  });
}

/** RFC 4180. Every value is a number, a time, or the name of a method. */
export function csvOf(rows: readonly WholeRow[]): string {
  const codes = Object.keys(GrpcCode).filter((name) => name !== 'OK');
  const head = [
    'at',
    'method',
    'calls',
    'errors',
    'p50_ms',
    'p95_ms',
    'p99_ms',
    'protobuf_bytes',
    'json_bytes_estimated',
  ];
  const lines = rows.map((row) => [
    row.at,
    row.method,
    row.calls,
    row.errors,
    row.latencyMs?.p50,
    row.latencyMs?.p95,
    row.latencyMs?.p99,
    row.protobufBytes,
    row.jsonBytes,
    ...codes.map((code) => row.codes[code] ?? 0),
  ]);
  return [[...head, ...codes], ...lines].map((line) => `${line.map((value) => value ?? '').join(',')}\r\n`).join('');
}
