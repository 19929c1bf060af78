/**
 * One upstream from its configuration: the transport with what keeps it up, and what is known of it.
 */
import type { Clock } from './balancing/clock.ts';
import { type CallPolicies, governedChannel } from './balancing/governed-channel.ts';
import type { OutlierDetection } from './balancing/outlier-detector.ts';
import type { BalancingPolicy } from './balancing/picker.ts';
import type { LookUp } from './balancing/resolution.ts';
import { RetryBudget, type RetryPolicy, type RetryThrottling } from './balancing/retry-policy.ts';
import { type AddressStatus, type Channel, transportOver } from './channel.ts';
import { chooseTransport, proxyVariableOf, type TransportName } from './choose-transport.ts';
import type { createGrpcJsChannel as CreateGrpcJsChannel } from './grpc-js-transport.ts';
import { createHttp2Channel } from './http2-transport.ts';
import { PendingLimit } from './pending-limit.ts';
import type { Target, Targets } from './target.ts';
import type { Transport, TransportOptions, TransportState } from './transport.ts';

export interface UpstreamConfig extends TransportOptions {
  readonly target: Targets;
  /** Full names of the services it serves. None: every service that no other upstream names. */
  readonly services?: readonly string[];
  /** http2, unless only grpc-js can do it, when left out. */
  readonly transport?: TransportName | 'auto';
  /** How idempotent calls are tried again, and the budget of all retries. Off when left out. */
  readonly retry?: { readonly policy: RetryPolicy; readonly throttling: RetryThrottling };
  readonly methodConfig?: NonNullable<CallPolicies['methodConfig']>;
  /** Which of several addresses gets a call; `pick_first` when left out. */
  readonly balancing?: Partial<BalancingOptions>;
  /** grpc.health.v1 is watched: only addresses that say they serve are called. */
  readonly health?: { readonly serviceName: string };
  /** Of several addresses those that fail more than the others are left alone for a while. */
  readonly outlierDetection?: OutlierDetection;
  /** Calls over it fail at once. */
  readonly maxRequests?: number;
}

export interface BalancingOptions {
  readonly policy: BalancingPolicy;
  /** How many addresses least_request compares: 2. */
  readonly choiceCount: number;
  /** Between two look-ups of a `dns:///` name: 30 s. */
  readonly dnsRefreshMs: number;
  /** Node's own, with the system's settings, when left out. */
  readonly lookUp: LookUp;
  readonly clock: Clock;
}

/** What is known of an upstream, in plain data: gauges as they are now, counters since the start. */
export interface UpstreamStatus {
  readonly target: string;
  readonly services: readonly string[];
  readonly transport: TransportName;
  /** Why it is grpc-js, where nobody asked for that. */
  readonly transportReason?: string;
  readonly state: TransportState;
  /** Open calls. */
  readonly inFlight: number;
  /** Those of them that wait for a connection, over http2. */
  readonly pending: number;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** Failures that were not tried again because the budget was used up. */
  readonly retriesThrottled: number;
  /** Calls that failed because too many were open, too many waited, or one waited too long. */
  readonly overflows: { readonly requests: number; readonly pending: number; readonly pendingTimeouts: number };
  readonly addresses: readonly AddressStatus[];
}

export interface Upstream {
  readonly config: UpstreamConfig;
  readonly transport: Transport;
  readonly status: UpstreamStatus;
}

const defaultThrottling: RetryThrottling = { maxTokens: 10, tokenRatio: 0.1 };

/** Rejects with SchemaError for TLS files that are none. */
export async function createUpstream(config: UpstreamConfig): Promise<Upstream> {
  const { target, retry, methodConfig = [], pending = new PendingLimit() } = config;
  const { transport: name, reason } = chooseTransport(config.transport ?? 'auto', target, process.env);
  const budget = new RetryBudget(retry?.throttling ?? defaultThrottling);
  const direct = await createChannel({ ...config, pending }, name);
  const isGoverned = (retry !== undefined && retry.policy.maxAttempts > 1) || methodConfig.length > 0;
  const channel = isGoverned ? governedChannel(direct, { retry: retry?.policy, methodConfig }, budget) : direct;
  const transport = transportOver(channel, config.maxRequests);
  return {
    config,
    transport,
    get status() {
      return {
        target: channel.target,
        services: config.services ?? [],
        transport: name,
        ...(reason !== undefined && { transportReason: reason }),
        state: channel.state,
        inFlight: transport.openCalls,
        pending: pending.count,
        retries: budget.retries,
        retriesThrottled: budget.throttled,
        overflows: { requests: transport.overflows, pending: pending.overflows, pendingTimeouts: pending.timeouts },
        addresses: channel.addresses.map((address) => ({
          inFlight: transport.openCalls,
          health: 'unwatched' as const,
          isEjected: false,
          ejections: 0,
          ...address,
        })),
      };
    },
  };
}

async function createChannel(
  config: UpstreamConfig & { readonly pending: PendingLimit },
  transport: TransportName,
): Promise<Channel> {
  const { text, all } = config.target;
  const [first] = all;
  if (first === undefined) return xdsChannel(config);
  const create = transport === 'http2' ? createHttp2Channel : await grpcJsChannels();
  // A proxy looks names up by itself.
  const isDns = all.some((target) => target.kind === 'host' && target.isDns) && !isProxied(all, transport);
  if (all.length === 1 && !isDns && config.health === undefined) return create(first, config);
  const { balancedChannel } = await import('./balancing/balanced-channel.ts');
  const targets = isDns ? all : all.map((target) => ({ ...target, isDns: false }));
  return balancedChannel({ ...config, target: { text, all: targets } }, (target) =>
    create(target, { ...config, isOneOfSeveral: true }),
  );
}

// Loading it takes a tenth of the time to start, and few ask for it.
async function grpcJsChannels(): Promise<typeof CreateGrpcJsChannel> {
  const { createGrpcJsChannel } = await import('./grpc-js-transport.ts');
  return createGrpcJsChannel;
}

async function xdsChannel(config: UpstreamConfig): Promise<Channel> {
  const { text } = config.target;
  const [create, { registerXds }] = await Promise.all([grpcJsChannels(), import('./xds.ts')]);
  await registerXds(text);
  return create({ kind: 'xds', text, isTls: false }, config);
}

function isProxied(all: readonly Target[], transport: TransportName): boolean {
  return transport === 'grpc-js' && all.some((target) => proxyVariableOf(target, process.env) !== undefined);
}
