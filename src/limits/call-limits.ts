/**
 * @module How often, and how many at a time, a method may be called by whom. Counts calls of resolved methods under keys that it is given;
 * knows nothing of protocols, of hooks and of how callers prove who they are.
 */
import { compileSelectors, type Nameable, SERVICE } from '../routing/method-selector.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import type { Problem } from '../schema/problem.ts';
import type { Metadata } from '../transcode/exchange.ts';
import type { PlaceStore, Places, Release } from './concurrency.ts';
import type { CallLimitOptions, Per, Rate, StoreOptions } from './options.ts';
import type { Quota, RateStore, Standing, Taken } from './rate-store.ts';
import { tooManyCalls } from './refusals.ts';

/** Whose call it is, by each way of counting. */
export type CallKeys = Readonly<Record<Per, string>>;

/** A call that is let in. */
export interface Grant {
  /** `ratelimit` and `ratelimit-policy`. */
  readonly headers: Metadata;
  /** To be called once when the call has ended. */
  readonly release: Release | undefined;
}

/** Counts a call. Undefined where no limit speaks of the method. Throws, or rejects with, RESOURCE_EXHAUSTED for one that is too much. */
export type TakeCall = (method: MethodDescriptor, keys: CallKeys) => Grant | undefined | Promise<Grant>;

export interface CallLimits {
  /** The limits for which nobody has to prove who they are; undefined where there are none. */
  readonly beforeIdentity: TakeCall | undefined;
  readonly byIdentity: TakeCall | undefined;
  /** Limits that name nothing there is. */
  readonly problems: readonly Problem[];
}

/** What is counted where; lives longer than the limits, so that a reload sets no count back. */
export interface Counters {
  readonly rates: RateStore;
  readonly places: PlaceStore;
  /** Where there is no store, or no answer. */
  readonly own: PlaceStore;
  /** Of `rates`, as it was when they were made. */
  readonly storeOptions: StoreOptions | undefined;
}

interface Limit {
  readonly name: string;
  readonly per: readonly Per[];
  readonly rates: readonly Rate[];
  readonly concurrent: number | undefined;
  speaksOf(method: MethodDescriptor): boolean;
}

/** Limits for all methods do not speak of it: a probe that is refused would take an instance out of service. */
const healthService = 'grpc.health.v1.Health';

/** All limits that speak of a method hold for it. */
export function createCallLimits(
  options: readonly CallLimitOptions[],
  nameable: Nameable,
  counters: Counters,
): CallLimits {
  const problems: Problem[] = [];
  const limits = options.map((each, index) => compileLimit(each, index, nameable, problems));
  const isByIdentity = ({ per }: Limit): boolean => per.includes('identity');
  return {
    problems,
    beforeIdentity: takerOf(
      limits.filter((limit) => !isByIdentity(limit)),
      counters,
    ),
    byIdentity: takerOf(limits.filter(isByIdentity), counters),
  };
}

function takerOf(limits: readonly Limit[], counters: Counters): TakeCall | undefined {
  if (limits.length === 0) return undefined;
  const known = new Map<MethodDescriptor, readonly Limit[]>();
  return (method, keys) => {
    const found = known.get(method) ?? limits.filter((limit) => limit.speaksOf(method));
    known.set(method, found);
    return found.length === 0 ? undefined : take(found, keys, counters);
  };
}

function compileLimit(options: CallLimitOptions, index: number, nameable: Nameable, problems: Problem[]): Limit {
  const { name = limitName(index), per, rates, concurrent, methods } = options;
  const closenessOf = compileSelectors(methods, nameable, `limits.calls[${index}].methods`, problems);
  const speaksOf = (method: MethodDescriptor): boolean =>
    closenessOf(method) >= (method.service.fullName === healthService ? SERVICE : 0);
  return { name, per, rates, concurrent, speaksOf };
}

/** What a limit is called that has no name. */
export function limitName(index: number): string {
  return `limit${index + 1}`;
}

function take(limits: readonly Limit[], keys: CallKeys, { rates, places }: Counters): Grant | Promise<Grant> {
  const quotas = limits.flatMap((limit) => quotasOf(limit, keys));
  const grant = (taken: Taken): Grant | Promise<Grant> => {
    const headers = standingsOf(quotas, taken);
    const release = places.take(limits.flatMap((limit) => placesOf(limit, keys)));
    return release instanceof Promise ? release.then((late) => ({ headers, release: late })) : { headers, release };
  };
  const taken = quotas.length === 0 ? nothingTaken : rates.take(quotas);
  return taken instanceof Promise ? taken.then(grant) : grant(taken);
}

const nothingTaken: Taken = { isAllowed: true, standings: [] };

function subjectOf({ per }: Limit, keys: CallKeys): string {
  return per.length === 0 ? 'all calls' : per.map((each) => keys[each]).join(' ');
}

function quotasOf(limit: Limit, keys: CallKeys): readonly Quota[] {
  const key = subjectOf(limit, keys);
  return limit.rates.map(({ count, windowMs, window }) => {
    return { id: `${limit.name}-${window}`, key, count, windowMs, allowed: `${count} calls in ${window}` };
  });
}

function placesOf(limit: Limit, keys: CallKeys): readonly Places[] {
  const { name, concurrent } = limit;
  return concurrent === undefined ? [] : [{ id: name, key: subjectOf(limit, keys), count: concurrent }];
}

/** The headers of https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10. Throws where a quota is used up. */
function standingsOf(quotas: readonly Quota[], { isAllowed, standings }: Taken): Metadata {
  if (quotas.length === 0) return [];
  const policies = quotas.map(({ id, count, windowMs }) => `"${id}";q=${count};w=${seconds(windowMs)}`);
  const states = quotas.map(({ id }, index) => {
    const { remaining, resetMs } = standings[index] ?? none;
    return `"${id}";r=${remaining};t=${seconds(resetMs)}`;
  });
  const headers: Metadata = [
    ['ratelimit-policy', policies.join(', ')],
    ['ratelimit', states.join(', ')],
  ];
  if (isAllowed) return headers;
  const usedUp = quotas.filter((_, index) => standings[index]?.remaining === 0);
  const waits = standings.filter(({ remaining }) => remaining === 0).map(({ resetMs }) => resetMs);
  throw tooManyCalls(
    usedUp.map(({ key, allowed }) => ({ subject: key, allowed })),
    Math.max(...waits),
    headers,
  );
}

const none: Standing = { remaining: 0, resetMs: 0 };

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
