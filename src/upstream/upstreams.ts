/**
 * All upstreams of one configuration: which of them serves a service, and whether they can be reached.
 */
import { type Problem, SchemaError } from '../schema/problem.ts';
import { createUpstream, type UpstreamConfig, type UpstreamStatus } from './create-upstream.ts';
import type { Transport } from './transport.ts';

export type { UpstreamConfig, UpstreamStatus } from './create-upstream.ts';

export interface Upstreams {
  /** The upstream that serves a service, by the service's full name. Ask once, keep the answer. */
  forService(fullName: string): Transport | undefined;
  /** All of them, in the order of the configuration. */
  readonly transports: readonly Transport[];
  /** Each upstream as it is now, in the order of the configuration. */
  readonly status: readonly UpstreamStatus[];
  /** Starts to connect to all of them. One that cannot be reached is tried again, for as long as it takes. */
  connect(): void;
  /** Calls the listener whenever the state of one of them changes; gives the function that ends it. */
  onChange(listener: () => void): () => void;
  /** Closes all; calls in flight may finish until the signal aborts. */
  close(signal?: AbortSignal): Promise<void>;
}

/** One transport per upstream. Rejects with SchemaError when two of them serve the same, or TLS files are none. */
export async function createUpstreams(configs: readonly UpstreamConfig[]): Promise<Upstreams> {
  const byService = mapServices(configs);
  const upstreams = await Promise.all(configs.map(createUpstream));
  const transportOf = new Map(upstreams.map(({ config, transport }) => [config, transport]));
  const find = (service: string): Transport | undefined => {
    const config = byService.get(service) ?? byService.get(everyService);
    return config && transportOf.get(config);
  };
  return {
    forService: find,
    transports: upstreams.map(({ transport }) => transport),
    get status() {
      return upstreams.map(({ status }) => status);
    },
    connect() {
      for (const { transport } of upstreams) transport.connect();
    },
    onChange(listener) {
      const stops = upstreams.map(({ transport }) => transport.onStateChange(() => listener()));
      return () => {
        for (const stop of stops) stop();
      };
    },
    async close(signal) {
      await Promise.all(upstreams.map(({ transport }) => transport.close(signal)));
    },
  };
}

const everyService = '*';

function mapServices(configs: readonly UpstreamConfig[]): ReadonlyMap<string, UpstreamConfig> {
  const byService = new Map<string, UpstreamConfig>();
  const problems: Problem[] = [];
  for (const config of configs) {
    const services = config.services ?? [];
    for (const service of services.length === 0 ? [everyService] : services) {
      const other = byService.get(service);
      if (other === undefined) byService.set(service, config);
      else problems.push({ position: undefined, subject: 'upstreams', message: clash(service, other, config) });
    }
  }
  if (problems.length > 0) throw new SchemaError(problems);
  return byService;
}

function clash(service: string, first: UpstreamConfig, second: UpstreamConfig): string {
  const both = `${first.target.text} and ${second.target.text}`;
  return service === everyService
    ? `${both} both serve every service: name the services of one of them`
    : `${both} both serve ${service}: name it for one of them`;
}
