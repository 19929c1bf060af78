/** What one process tells of its calls, and the same of several together. It goes between processes as JSON. */
import type { Gateway } from '../../gateway/gateway.ts';
import type { UpstreamStatus } from '../../upstream/upstreams.ts';
import { type Caller, joinCallers } from './callers.ts';
import { addCell, type PackedCell, packCell, unpackCell } from './cell.ts';
import { type Example, exampleKey } from './examples.ts';
import type { Recorder } from './recorder.ts';
import { sumIn, type Tally } from './steps.ts';

/** What is asked. */
export interface Question {
  /** Milliseconds since 1970: steps that began before it are left out. */
  readonly since: number;
  /** The one whose course is wanted; undefined for that of all together. */
  readonly method: string | undefined;
  /** Every cell is wanted by itself, for an export. */
  readonly isWhole: boolean;
}

/** Cells by method, by step, and where every one is wanted by `STEP METHOD`. */
interface Cells<Of> {
  readonly methods: Of;
  readonly course: Of;
  readonly whole: Of;
}

interface Rest {
  /** Since when nothing is missing. */
  readonly since: number;
  readonly open: number;
  readonly callers: readonly Caller[];
  readonly examples: readonly Example[];
  readonly upstreams: readonly UpstreamHealth[];
}

/** Of one process. */
export type Telling = Cells<readonly (readonly [key: string, cell: PackedCell])[]> & Rest;
/** Of all together. */
export type Joined = Cells<Tally> & Rest;

export interface UpstreamHealth {
  readonly target: string;
  readonly services: readonly string[];
  /** How many processes see it in a state: one that is ejected everywhere is `ejected`. */
  readonly states: Readonly<Record<string, number>>;
  readonly connections: number;
  readonly inFlight: number;
  readonly pending: number;
  readonly retries: number;
  readonly connectFailures: number;
  readonly ejections: number;
}

export function tell(recorder: Recorder, gateway: Gateway, { since, method, isWhole }: Question): Telling {
  const { steps, open, callers, examples } = recorder;
  const courseKey = (at: number, name: string): string | undefined =>
    method === undefined || method === name ? String(at) : undefined;
  return {
    since: steps.since,
    open,
    methods: packed(steps.tally(since, (_at, name) => name, true)),
    course: packed(steps.tally(since, courseKey, method !== undefined)),
    whole: isWhole ? packed(steps.tally(since, (at, name) => `${at} ${name}`, true)) : [],
    callers: callers.list(),
    examples: examples.list(),
    upstreams: gateway.readiness().upstreams.map(healthOf),
  };
}

function packed(tally: Tally): Telling['methods'] {
  return [...tally].map(([key, cell]) => [key, packCell(cell)]);
}

export function joinTellings(tellings: readonly Telling[]): Joined {
  const joined = (pick: (telling: Telling) => Telling['methods']): Tally => {
    const tally: Tally = new Map();
    for (const [key, cell] of tellings.flatMap(pick)) addCell(sumIn(tally, key), unpackCell(cell));
    return tally;
  };
  const latestLast = tellings.flatMap(({ examples }) => examples).sort((one, other) => one.at - other.at);
  const examples = new Map(latestLast.map((each) => [exampleKey(each.method, each.code), each]));
  return {
    since: Math.min(...tellings.map(({ since }) => since)),
    open: tellings.reduce((sum, { open }) => sum + open, 0),
    methods: joined(({ methods }) => methods),
    course: joined(({ course }) => course),
    whole: joined(({ whole }) => whole),
    callers: joinCallers(tellings.map(({ callers }) => callers)),
    examples: [...examples.values()],
    upstreams: joinUpstreams(tellings.flatMap(({ upstreams }) => upstreams)),
  };
}

function healthOf(status: UpstreamStatus): UpstreamHealth {
  const { target, services, state, inFlight, pending, retries, addresses } = status;
  const sum = (value: (address: (typeof addresses)[number]) => number): number =>
    addresses.reduce((total, address) => total + value(address), 0);
  const isEjected = addresses.length > 0 && addresses.every((address) => address.isEjected);
  return {
    target,
    services,
    states: { [isEjected ? 'ejected' : state]: 1 },
    connections: sum(({ connections }) => connections),
    inFlight,
    pending,
    retries,
    connectFailures: sum(({ connectFailures }) => connectFailures),
    ejections: sum(({ ejections }) => ejections),
  };
}

function joinUpstreams(all: readonly UpstreamHealth[]): readonly UpstreamHealth[] {
  const joined = new Map<string, UpstreamHealth>();
  for (const one of all) {
    const key = JSON.stringify([one.target, one.services]);
    const known = joined.get(key);
    joined.set(key, known === undefined ? one : sumOf(known, one));
  }
  return [...joined.values()];
}

function sumOf(one: UpstreamHealth, other: UpstreamHealth): UpstreamHealth {
  const states = { ...one.states };
  for (const [state, count] of Object.entries(other.states)) states[state] = (states[state] ?? 0) + count;
  return {
    ...one,
    states,
    connections: one.connections + other.connections,
    inFlight: one.inFlight + other.inFlight,
    pending: one.pending + other.pending,
    retries: one.retries + other.retries,
    connectFailures: one.connectFailures + other.connectFailures,
    ejections: one.ejections + other.ejections,
  };
}
