/** The limits of `limits.calls` as hooks: whose call it is, and the headers that tell how the limits stand. */
import { type CallKeys, type Counters, createCallLimits, type Grant, type TakeCall } from '../limits/call-limits.ts';
import { Concurrency } from '../limits/concurrency.ts';
import { MemoryStore } from '../limits/memory-store.ts';
import type { Nameable } from '../routing/method-selector.ts';
import type { Problem } from '../schema/problem.ts';
import { addressPrefix } from '../security/address-prefix.ts';
import { identityOf } from '../security/identity.ts';
import type { Rpc, RpcHooks } from './hooks.ts';
import type { LimitOptions } from './options.ts';

export interface LimitHooks {
  /** Limits that hold whoever calls: before anybody is asked for credentials, so that guessing them is limited too. */
  readonly beforeIdentity: readonly RpcHooks[];
  readonly byIdentity: readonly RpcHooks[];
  /** For the next generation. */
  readonly counters: Counters;
  readonly problems: readonly Problem[];
}

export async function createLimitHooks(
  { calls, store }: LimitOptions,
  nameable: Nameable,
  before: Counters | undefined,
): Promise<LimitHooks> {
  const isSame = before !== undefined && JSON.stringify(before.storeOptions) === JSON.stringify(store);
  const counters = isSame ? before : await createCounters(store, before);
  const { beforeIdentity, byIdentity, problems } = createCallLimits(calls, nameable, counters);
  return { beforeIdentity: hooksOf(beforeIdentity), byIdentity: hooksOf(byIdentity), counters, problems };
}

/** Nothing is connected to yet: the generation may still be refused, or only be looked at. */
async function createCounters(storeOptions: LimitOptions['store'], before: Counters | undefined): Promise<Counters> {
  const own = before?.own ?? new Concurrency();
  if (storeOptions === undefined) return { rates: new MemoryStore(), places: own, own, storeOptions };
  const [{ ValkeyStore }, { ValkeyPlaces }] = await Promise.all([
    import('../limits/valkey-store.ts'),
    import('../limits/valkey-places.ts'),
  ]);
  const rates = new ValkeyStore(storeOptions);
  return { rates, places: new ValkeyPlaces(rates, own), own, storeOptions };
}

function hooksOf(take: TakeCall | undefined): readonly RpcHooks[] {
  if (take === undefined) return [];
  const grants = new WeakMap<Rpc, Grant>();
  const keep = (rpc: Rpc, grant: Grant): void => {
    rpc.replyHeaders.push(...grant.headers);
    grants.set(rpc, grant);
  };
  return [
    {
      beforeBind(rpc) {
        const grant = take(rpc.method, keysOf(rpc));
        if (grant instanceof Promise) return grant.then((late) => keep(rpc, late));
        if (grant !== undefined) keep(rpc, grant);
      },
      onEnd: (rpc) => grants.get(rpc)?.release?.(),
    },
  ];
}

function keysOf(rpc: Rpc): CallKeys {
  const address = `address:${addressPrefix(rpc.client?.address ?? '')}`;
  const identity = identityOf(rpc);
  return {
    address,
    identity: identity === undefined ? address : `identity:${identity.scheme}:${identity.subject}`,
    method: `method:${rpc.method.fullName}`,
  };
}
