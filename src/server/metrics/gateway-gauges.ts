/** What is asked of the gateway when Prometheus reads: its upstreams, reloads, routes and certificates. Between reads it costs nothing. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Gateway } from '../../gateway/gateway.ts';
import type { UpstreamStatus } from '../../upstream/upstreams.ts';
import { bodyBytesHeld } from '../read-body.ts';

/** Of each upstream, in the order in which they are told. */
const ofUpstreams: readonly (readonly [name: string, help: string, value: (status: UpstreamStatus) => number])[] = [
  ['in_flight', 'Open calls.', ({ inFlight }) => inFlight],
  ['pending', 'Calls that wait for a connection.', ({ pending }) => pending],
  ['connections', 'Open connections.', ({ addresses }) => sum(addresses, ({ connections }) => connections)],
  ['connect_failures_total', 'Failed attempts to connect.', (one) => sum(one.addresses, (at) => at.connectFailures)],
  ['ejected', 'Addresses that are ejected now.', ({ addresses }) => sum(addresses, (at) => Number(at.isEjected))],
  ['ejections_total', 'Ejections of addresses.', ({ addresses }) => sum(addresses, ({ ejections }) => ejections)],
  ['retries_total', 'Attempts beyond the first.', ({ retries }) => retries],
  ['retries_throttled_total', 'Failures not tried again for want of budget.', (one) => one.retriesThrottled],
];

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

/** What is not the gateway's to say. */
interface Told {
  readonly lostLines: (() => number) | undefined;
  /** Bytes of answers that clients have not taken. */
  readonly untaken: () => number;
}

/** Adds them to the registry. */
export function addGatewayGauges(gateway: Gateway, registry: Registry, { lostLines = () => 0, untaken }: Told): void {
  const unknown: Asked = {
    name: 'tandem_unknown_parameters_total',
    help: 'Query parameters that name no field, ignored or refused.',
    labelNames: ['grpc_method'],
    collect(add) {
      for (const [path, count] of gateway.generation.unknownParameters) add({ grpc_method: path.slice(1) }, count);
    },
  };
  const buffered: Asked = {
    name: 'tandem_buffered_bytes',
    help: 'Bytes held: of bodies that are not whole yet (request), of answers that clients have not taken (reply).',
    labelNames: ['direction'],
    collect(add) {
      add({ direction: 'request' }, bodyBytesHeld());
      add({ direction: 'reply' }, untaken());
    },
  };
  const lost: Asked = {
    name: 'tandem_log_lines_lost_total',
    help: 'Lines of the log that neither a reader nor a disk took.',
    collect: (add) => add({}, lostLines()),
  };
  for (const asked of [
    ...upstreamMetrics(() => gateway.readiness().upstreams),
    ...ownMetrics(gateway),
    unknown,
    buffered,
    lost,
  ]) {
    ask(registry, asked);
  }
}

function upstreamMetrics(statuses: () => readonly UpstreamStatus[]): readonly Asked[] {
  const each = ofUpstreams.map(([name, help, value]) => ({
    name: `tandem_upstream_${name}`,
    help,
    labelNames: ['upstream'],
    collect: (add: Add) => {
      for (const status of statuses()) add({ upstream: status.target }, value(status));
    },
  }));
  const state: Asked = {
    name: 'tandem_upstream_state',
    help: '1 for the state in which an upstream is; of several workers how many see it so.',
    labelNames: ['upstream', 'state'],
    collect(add) {
      for (const { target: upstream, state } of statuses()) add({ upstream, state }, 1);
    },
  };
  const overflows: Asked = {
    name: 'tandem_upstream_overflows_total',
    help: 'Calls that failed at a limit of the upstream: requests, pending, pending_timeouts.',
    labelNames: ['upstream', 'reason'],
    collect(add) {
      for (const { target: upstream, overflows } of statuses()) {
        add({ upstream, reason: 'requests' }, overflows.requests);
        add({ upstream, reason: 'pending' }, overflows.pending);
        add({ upstream, reason: 'pending_timeouts' }, overflows.pendingTimeouts);
      }
    },
  };
  return [...each, state, overflows];
}

function ownMetrics(gateway: Gateway): readonly Asked[] {
  const alike = (name: string, help: string, value: () => number): Asked => {
    return { name, help, isAlike: true, collect: (add) => add({}, value()) };
  };
  const reloads: Asked = {
    name: 'tandem_reloads_total',
    help: 'Reloads, by result: done, refused.',
    labelNames: ['result'],
    isAlike: true,
    collect(add) {
      const { reloads, refusals } = gateway.reloadStats();
      add({ result: 'done' }, reloads);
      add({ result: 'refused' }, refusals);
    },
  };
  const certificates: Asked = {
    name: 'tandem_certificate_expiry_seconds',
    help: 'Until a certificate of listen.tls, as its file is now, is no longer valid.',
    labelNames: ['file'],
    isAlike: true,
    collect(add) {
      const { tls } = gateway.options.listen;
      for (const { cert } of tls === undefined ? [] : [tls, ...tls.certificates]) {
        const expiry = expiryOf(cert);
        if (expiry !== undefined) add({ file: cert }, (expiry - Date.now()) / 1000);
      }
    },
  };
  const store: Asked = {
    name: 'tandem_limits_store_up',
    help: '1 while the store of limits answers; of several workers how many it answers.',
    collect(add) {
      const { isUp } = gateway.generation.counters?.rates ?? {};
      if (isUp !== undefined) add({}, Number(isUp));
    },
  };
  return [
    store,
    alike('tandem_ready', '1 while calls can be served.', () => Number(gateway.readiness().isReady)),
    alike('tandem_routes', 'Rules that are served.', () => gateway.generation.table.bindings.length),
    alike('tandem_generation_age_seconds', 'Since the configuration in use was taken into use.', () => {
      return (Date.now() - gateway.reloadStats().since) / 1000;
    }),
    reloads,
    certificates,
  ];
}

/** A file that is just being replaced has none. */
function expiryOf(file: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(readFileSync(file)).validTo);
  } catch {
    return undefined;
  }
}

type Add = (labels: Record<string, string>, value: number) => void;

interface Asked {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** True for what all workers have alike; the rest is added up. */
  readonly isAlike?: boolean;
  /** Tells every value as it is now. */
  readonly collect: (add: Add) => void;
}

function ask(registry: Registry, { name, help, labelNames = [], isAlike = false, collect }: Asked): void {
  const aggregator = isAlike ? 'max' : 'sum';
  const Metric = name.endsWith('_total') ? Counter : Gauge;
  const made: Counter | Gauge = new Metric({
    name,
    help,
    labelNames,
    registers: [registry],
    aggregator,
    collect: () => {
      made.reset();
      collect((labels, value) => made.inc(labels, value));
    },
  });
}
