/**
 * @module Metrics for Prometheus: of each RPC under gRPC's standard names, and of the gateway itself. Loaded only where they are on. Labels are
 * names of protos and of the configuration, never what a client sends.
 */
import cluster from 'node:cluster';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Gateway } from '../../gateway/gateway.ts';
import { durationBuckets } from '../../gateway/telemetry/buckets.ts';
import { askWorkers } from '../ask-workers.ts';
import type { ShadowResult } from '../shadow/shadow-result.ts';
import { addGatewayGauges } from './gateway-gauges.ts';
import { addRpcMetrics } from './rpc-metrics.ts';
import { createShadowMetrics } from './shadow-metrics.ts';

export interface Metrics {
  readonly contentType: string;
  /** Measures what an app answers. */
  watch(app: FastifyInstance): void;
  /** Counts a request whose path cannot be decoded, which passes no hook of the app. */
  countMalformed(): void;
  /** Counts a call that shadow mode has chosen. */
  countShadow(result: ShadowResult): void;
  /** What Prometheus reads; of several workers the sums of all. */
  text(): Promise<string>;
}

/** Begins to measure what the gateway does. */
export function startMetrics(gateway: Gateway, lostLines?: () => number): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const misses = createMisses(registry);
  addRpcMetrics(gateway, registry);
  const open = new Set<OpenAnswer>();
  addGatewayGauges(gateway, registry, { lostLines, untaken: () => bytesOf(open) });
  const all = cluster.isWorker ? askWorkers('metrics', () => registry.getMetricsAsJSON()) : undefined;
  const countShadow = createShadowMetrics(registry);
  return {
    contentType: registry.contentType,
    watch: (app) => {
      watchRequests(app, registry, misses);
      watchOpen(app, open);
      watchConnections(app, registry);
    },
    countMalformed: () => misses.inc({ reason: 'malformed' }),
    countShadow,
    text: async () =>
      (all === undefined ? registry : AggregatorRegistry.aggregate([...(await all(null)).answers])).metrics(),
  };
}

/** Why no rule took a request whose path can be read, by the answer's status. */
const missReasons: ReadonlyMap<number, string> = new Map([
  [404, 'no_rule'],
  [405, 'wrong_method'],
]);

function createMisses(registry: Registry): Counter {
  return new Counter({
    name: 'tandem_route_misses_total',
    help: 'Requests that no rule took: no_rule (404), wrong_method (405), malformed (400).',
    labelNames: ['reason'],
    registers: [registry],
  });
}

function watchRequests(app: FastifyInstance, registry: Registry, misses: Counter): void {
  const durations = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: durationBuckets,
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode;
    durations.observe(
      {
        http_request_method: app.supportedMethods.includes(request.method) ? request.method : '_OTHER',
        http_route: routeOf(request),
        http_response_status_code: status,
      },
      reply.elapsedTime / 1000,
    );
    const reason = missReasons.get(status);
    const isForRules = request.is404 || request.routeOptions.config.tandemGateway !== undefined;
    if (reason !== undefined && isForRules && request.rpc === undefined) misses.inc({ reason });
  });
}

function watchConnections({ server }: FastifyInstance, registry: Registry): void {
  const registers = [registry];
  const open = new Gauge({ name: 'tandem_connections', help: 'Open connections of clients.', registers });
  const refused = new Counter({
    name: 'tandem_connections_refused_total',
    help: 'Connections beyond limits.connections, closed as they came.',
    registers,
  });
  server.on('connection', (socket) => {
    open.inc();
    socket.once('close', () => open.dec());
  });
  server.on('drop', () => refused.inc());
}

interface OpenAnswer {
  readonly writableLength: number;
}

/** Keeps the answers that are not at their end. That of a WebSocket is none. */
function watchOpen(app: FastifyInstance, open: Set<OpenAnswer>): void {
  app.addHook('onRequest', (request, { raw }, done) => {
    if (request.headers.upgrade === undefined) {
      open.add(raw);
      raw.once('close', () => open.delete(raw));
    }
    done();
  });
}

function bytesOf(open: ReadonlySet<OpenAnswer>): number {
  return [...open].reduce((sum, { writableLength }) => sum + writableLength, 0);
}

/** The template of the rule, the path of an RPC, or that of a page; of all others none. */
function routeOf({ rpc, routeOptions, is404 }: FastifyRequest): string {
  if (rpc !== undefined) return rpc.binding?.path ?? `/${rpc.service}/${rpc.method}`;
  return is404 || routeOptions.config.tandemGateway !== undefined ? '' : (routeOptions.url ?? '');
}
