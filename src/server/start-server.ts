/**
 * @module The stand-alone server: a Fastify app of our own around a gateway, with the limits of the configuration.
 */
import { METHODS } from 'node:http';
import type { Server } from 'node:https';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyHttpOptions, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import { createGateway, type Gateway, type GatewayContext } from '../gateway/gateway.ts';
import type { LimitOptions, Options, TandemOptions } from '../gateway/options.ts';
import { formatProblem } from '../schema/problem.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { refuseConnection } from './client-error.ts';
import { limitConnections, loopback } from './connection-limit.ts';
import { fail, handle } from './handler.ts';
import { HttpVersions } from './http-versions.ts';
import type { ListenTls } from './listen-tls.ts';
import { createLoadShedding } from './load-shedding.ts';
import { logReloads } from './log-reloads.ts';
import { logStore } from './log-store.ts';
import type { Metrics } from './metrics/metrics.ts';
import { mountOwnPaths } from './mount-own-paths.ts';
import { observe, startObserving } from './observing.ts';
import { decorateRequests, LAST_BYTES_MS, mountRules, statusErrorOf } from './plugin.ts';
import { addRequestIds } from './request-ids.ts';
import { keepShadow } from './shadow/keep-shadow.ts';
import type { ShadowResult } from './shadow/shadow-result.ts';

// For an import Node would read all of its text for what it exports: a tenth of the processor time that a start takes.
const { fastify, LogController } = createRequire(import.meta.url)('fastify') as typeof import('fastify');

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly gateway: Gateway;
  readonly app: FastifyInstance;
  /** Turns readiness off, goes on for `limits.lameDuck`, lets open calls finish within `limits.drain`, and closes. */
  close(): Promise<void>;
}

export interface ServerContext extends GatewayContext {
  readonly logger?: FastifyBaseLogger;
  /** How many of the logger's lines nobody took, for the metrics. */
  readonly lostLines?: () => number;
}

/** Starts to listen. Rejects with SchemaError for wrong options, protos or rules, and with Node's error when it cannot listen. */
export async function startServer(input: TandemOptions, context: ServerContext = {}): Promise<RunningServer> {
  const gateway = await createGateway(input, context);
  try {
    const { host, port, tls: tlsOptions } = gateway.options.listen;
    const tls = tlsOptions && (await import('./listen-tls.ts')).createListenTls(tlsOptions);
    const versions = httpVersionsOf(gateway.options, tls);
    const app = await createApp(gateway, versions, context);
    const refuse = (error: unknown): void => {
      gateway.countRefusal(error);
      app.log.error({ err: error }, 'listen.tls: the old certificates stay');
    };
    const unwatch = tls?.keepFresh(app.server as Server, refuse);
    app.addHook('onClose', async () => unwatch?.());
    await gateway.generation.counters?.rates.start?.();
    const url = await app.listen({ host, port });
    return { url, gateway, app, close: () => drain(app, gateway, versions) };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

/** The app, not listening yet: for tests that inject requests. */
async function createApp(
  gateway: Gateway,
  versions: HttpVersions,
  { logger, lostLines }: ServerContext,
): Promise<FastifyInstance> {
  const { options } = gateway;
  const observing = await startObserving(gateway, lostLines);
  const { metrics } = observing;
  const app = fastify(serverOptions(gateway, versions, { logger, metrics }));
  await observe(app, gateway, observing);
  app.addHook('preClose', async () => versions.end());
  const onResult = (result: ShadowResult): void => metrics?.countShadow(result);
  app.addHook('preClose', await keepShadow({ gateway, log: app.log, onResult }));
  app.server.maxConnections = options.limits.connections;
  limitConnections(app, options.limits.connectionsPerAddress, [...loopback, ...options.listen.trustProxy]);
  app.addHook('onClose', () => gateway.close());
  for (const problem of gateway.generation.skipped) app.log.warn(`left out: ${formatProblem(problem)}`);
  logReloads(gateway, app.log);
  logStore(gateway, app.log);
  // Every method that Node can read has an answer, if only 405.
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: true });
  }
  decorateRequests(app);
  if (options.observability.requestIds) addRequestIds(app);
  const { compression } = options.transcoding;
  if (compression.replies) (await import('./compression.ts')).compressAnswers(app, compression);
  const { cors } = options.security;
  if (cors !== undefined) (await import('./cors.ts')).allowOtherSites(app, gateway, cors);
  // By callback: every request passes it, and a promise for each costs more than the check.
  const load = createLoadShedding(app, gateway);
  app.addHook('onRequest', (request, _reply, done) => {
    load.check(request);
    refuseLongUrl(request, options.limits);
    done();
  });
  app.setErrorHandler((error, request, reply) => fail(request, reply, gateway, statusErrorOf(error)));
  await mountOwnPaths(app, gateway, observing);
  await app.register(async (scope) => mountRules(scope, gateway, ['/*']));
  app.setNotFoundHandler((request, reply) => handle(request, reply, gateway));
  return app;
}

function refuseLongUrl({ raw }: FastifyRequest, { urlBytes }: LimitOptions): void {
  if ((raw.url?.length ?? 0) <= urlBytes) return;
  throw new StatusError(GrpcCode.INVALID_ARGUMENT, `the URL is longer than ${urlBytes} bytes`, { httpStatus: 414 });
}

/** Milliseconds that a connection of HTTP/1.1 may wait for its next request. */
const KEEP_ALIVE_MS = 72_000;

function httpVersionsOf({ limits }: Options, tls: ListenTls | undefined): HttpVersions {
  return new HttpVersions({
    http1: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeout,
      connectionsCheckingInterval: 1000,
      // Node would end streams of requests as well; bodies that are collected have a timer of their own.
      requestTimeout: 0,
    },
    tls: tls?.options,
    keepAliveTimeoutMs: KEEP_ALIVE_MS,
    http2: {
      streams: limits.http2Streams,
      streamWindowBytes: limits.http2StreamWindow,
      connectionWindowBytes: limits.http2ConnectionWindow,
      headerBytes: limits.headerBytes,
      idleMs: limits.http2Idle,
    },
  });
}

function serverOptions(
  gateway: Gateway,
  versions: HttpVersions,
  { logger, metrics }: { readonly logger: FastifyBaseLogger | undefined; readonly metrics: Metrics | undefined },
): FastifyHttpOptions<RawServerDefault> {
  const { limits, listen } = gateway.options;
  return {
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    serverFactory: (handler) => versions.createServer(handler),
    ...(listen.trustProxy.length > 0 && { trustProxy: [...listen.trustProxy] }),
    // Only says so in the URL; the factory has made it so.
    ...(listen.tls && { https: {} }),
    // No route has a schema; the compilers that would read them take time to load.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    // A line for each failed call is written where it fails.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    // A request that comes over a kept connection while the server closes is answered like any other.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, gateway),
    // What the router cannot decode, the route table names the bad part of. No hook has run.
    frameworkErrors: (_error, request, reply) => {
      metrics?.countMalformed();
      try {
        refuseLongUrl(request, limits);
      } catch (error) {
        return fail(request, reply, gateway, error);
      }
      return handle(request, reply, gateway);
    },
  };
}

function noCompiler(): never {
  throw new Error('routes of the gateway have no schemas');
}

async function drain(app: FastifyInstance, gateway: Gateway, versions: HttpVersions): Promise<void> {
  gateway.drain();
  const { lameDuck } = gateway.options.limits;
  if (lameDuck !== undefined) {
    versions.turnAway(app.server);
    await sleep(lameDuck);
  }
  // Ends when the last connection does. The app's own hook closes the gateway only after that: too late to end a call.
  const closing = app.close();
  await gateway.close();
  const timer = setTimeout(() => {
    app.server.closeAllConnections();
    versions.destroy();
  }, LAST_BYTES_MS);
  await closing;
  clearTimeout(timer);
}
