/**
 * The upstreams of a configuration with their connections: they outlive a generation when a reload leaves them as they are.
 */
import { type Problem, SchemaError } from '../schema/problem.ts';
import { GrpcCode } from '../status/code.ts';
import type { OutlierDetection } from '../upstream/balancing/outlier-detector.ts';
import type { RetryPolicy } from '../upstream/balancing/retry-policy.ts';
import { PendingLimit } from '../upstream/pending-limit.ts';
import { createUpstreams, type UpstreamConfig, type UpstreamStatus, type Upstreams } from '../upstream/upstreams.ts';
import type { Options, UpstreamOptions } from './options.ts';
import type { CallTarget } from './rpc.ts';
import { readTlsFiles } from './tls-files.ts';
import { contentsKey } from './watch-contents.ts';

export interface LiveUpstreams extends Upstreams {
  /** Where the calls of a service go; undefined when nothing is configured for it. */
  readonly targetOf: (service: string) => CallTarget | undefined;
}

/**
 * Starts to connect to the upstreams; those that cannot be reached are tried again for as long as it takes. Rejects with SchemaError for a
 * target or TLS file that is none.
 */
export async function connectUpstreams({ upstreams: written, limits }: Options): Promise<LiveUpstreams> {
  const problems: Problem[] = [];
  const configs = written.map((upstream, index) => configOf(upstream, limits.replyBytes, index, problems));
  if (problems.length > 0) throw new SchemaError(problems);
  const upstreams = await createUpstreams(configs);
  const timeouts = new Map(upstreams.transports.map((transport, index) => [transport, written[index]?.timeout]));
  const known = new Map<string, CallTarget | undefined>();
  upstreams.connect();
  const find = (service: string): CallTarget | undefined => {
    const transport = upstreams.forService(service);
    return transport && { transport, timeoutMs: timeouts.get(transport) ?? limits.timeoutDefault };
  };
  return Object.assign(upstreams, {
    targetOf: (service: string) => {
      const target = known.get(service) ?? find(service);
      known.set(service, target);
      return target;
    },
  });
}

function configOf(upstream: UpstreamOptions, replyBytes: number, index: number, problems: Problem[]): UpstreamConfig {
  const { target, services, transport, tls, keepalive } = upstream;
  const { maxRequests, maxPendingRequests, pendingTimeout, maxConnections } = upstream.circuitBreaker;
  return {
    target,
    services,
    transport,
    maxReplyBytes: replyBytes,
    // The transcoded message is what the body's limit bounds; JSON of 4 MiB never makes more protobuf than this.
    maxRequestBytes: Number.MAX_SAFE_INTEGER,
    balancing: {
      policy: upstream.balancing.policy,
      choiceCount: upstream.balancing.choiceCount,
      dnsRefreshMs: upstream.balancing.dnsRefreshRate,
    },
    ...(upstream.health && { health: upstream.health }),
    ...(upstream.outlierDetection && { outlierDetection: outlierDetectionOf(upstream.outlierDetection) }),
    retry: { policy: retryPolicyOf(upstream.retry), throttling: upstream.retry.retryThrottling },
    methodConfig: upstream.methodConfig.map(({ name, timeout, retryPolicy }) => ({
      name,
      timeoutMs: timeout,
      retry: retryPolicy && retryPolicyOf(retryPolicy),
    })),
    maxRequests,
    maxConnections,
    pending: new PendingLimit(maxPendingRequests, pendingTimeout),
    ...(keepalive && { keepalive: { timeMs: keepalive.time, timeoutMs: keepalive.timeout } }),
    ...(tls && { tls: tlsOf(tls, index, problems) }),
  };
}

function tlsOf(
  { serverName, ...paths }: NonNullable<UpstreamOptions['tls']>,
  index: number,
  problems: Problem[],
): NonNullable<UpstreamConfig['tls']> {
  const files = readTlsFiles(paths, `upstreams[${index}].tls`, problems);
  return { ...files, ...(serverName !== undefined && { serverName }) };
}

/** The files that connections to upstreams are made with. */
export function tlsFilesOf({ upstreams }: Options): readonly string[] {
  return upstreams.flatMap(({ tls }) => [tls?.ca, tls?.cert, tls?.key].filter((path) => path !== undefined));
}

/** True while calls have a chance. */
export function isHealthy({ state }: Pick<UpstreamStatus, 'state'>): boolean {
  return state === 'ready' || state === 'idle';
}

/** What the connections are made from: when it is the same, a reload keeps them. */
export function upstreamKey(options: Options): string {
  const { upstreams, limits } = options;
  return JSON.stringify([upstreams, limits.replyBytes, limits.timeoutDefault, contentsKey(tlsFilesOf(options))]);
}

function retryPolicyOf(retry: Omit<UpstreamOptions['retry'], 'retryThrottling'>): RetryPolicy {
  return {
    maxAttempts: retry.maxAttempts,
    initialBackoffMs: retry.initialBackoff,
    maxBackoffMs: retry.maxBackoff,
    backoffMultiplier: retry.backoffMultiplier,
    retryableStatusCodes: new Set(retry.retryableStatusCodes.map((name) => GrpcCode[name])),
  };
}

function outlierDetectionOf(written: NonNullable<UpstreamOptions['outlierDetection']>): OutlierDetection {
  const { interval, baseEjectionTime, maxEjectionTime, ...rest } = written;
  return {
    ...rest,
    intervalMs: interval,
    baseEjectionTimeMs: baseEjectionTime,
    maxEjectionTimeMs: maxEjectionTime,
  };
}
