/**
 * All upstreams of one configuration: which of them serves a service, and whether they can be reached.
 */
import { type Problem, SchemaError } from '../schema/problem.ts';
import { createHttp2Transport } from './http2-transport.ts';
import type { Target } from './target.ts';
import type { Transport, TransportOptions, TransportState } from './transport.ts';

export interface UpstreamConfig extends TransportOptions {
  readonly target: Target;
  /** Full names of the services it serves. None: every service that no other upstream names. */
  readonly services?: readonly string[];
  /** http2 by default. */
  readonly transport?: 'grpc-js' | 'http2';
}

export interface UpstreamStatus {
  readonly target: string;
  readonly services: readonly string[];
  readonly state: TransportState;
}

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
  const transports = await Promise.all(configs.map(createTransport));
  const upstreams = configs.flatMap((config, index) => {
    const transport = transports[index];
    return transport === undefined ? [] : [{ config, transport }];
  });
  const transportOf = new Map(upstreams.map(({ config, transport }) => [config, transport]));
  const find = (service: string): Transport | undefined => {
    const config = byService.get(service) ?? byService.get(everyService);
    return config && transportOf.get(config);
  };
  return {
    forService: find,
    transports: upstreams.map(({ transport }) => transport),
    get status() {
      return upstreams.map(({ config, transport }) => ({
        target: transport.target,
        services: config.services ?? [],
        state: transport.state,
      }));
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

async function createTransport(config: UpstreamConfig): Promise<Transport> {
  if (config.transport !== 'grpc-js') return createHttp2Transport(config.target, config);
  // Loading it takes a tenth of the time to start, and few ask for it.
  const { createGrpcJsTransport } = await import('./grpc-js-transport.ts');
  return createGrpcJsTransport(config.target, config);
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
