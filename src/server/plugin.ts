/**
 * @module The Fastify plugin: mounts a gateway's rules in an app and leaves the rest of the app alone.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, RouteHandlerMethod } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import type { RpcHooks } from '../gateway/hooks.ts';
import type { TandemOptions } from '../gateway/options.ts';
import { ownServiceNames } from '../gateway/own-services.ts';
import type { Binding } from '../routing/binding.ts';
import { codeOfHttpStatus } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { fail, handle, isNativeGrpc, matchOf, type RequestRpc, rpcOf, targetBehind } from './handler.ts';
import { logReloads } from './log-reloads.ts';
import { logStore } from './log-store.ts';
import { addRequestIds } from './request-ids.ts';
import { keepShadow } from './shadow/keep-shadow.ts';
import { takeUpgrades } from './upgrades.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The RPC that a transcoded request calls; undefined for every other request. */
    readonly rpc: RequestRpc | undefined;
  }
  interface FastifyInstance {
    /** The gateway that the plugin made; of several in one app the first. */
    readonly tandem: Gateway;
  }
  interface FastifyContextConfig {
    /** The gateway that answers this route. */
    tandemGateway?: Gateway;
    /** What the path has before that of the rules. */
    tandemPrefix?: RegExp;
  }
}

/** Milliseconds that clients have to take what is left of their answers once every call has ended. */
export const LAST_BYTES_MS = 1_000;

/** The keys of the configuration file, and what no file can hold. */
export interface PluginOptions extends TandemOptions {
  /** What each RPC passes through; `app.tandem.addHooks` adds more. */
  readonly hooks?: readonly RpcHooks[];
}

/**
 * Serves the rules of protos in an app: `await app.register(tandem, { protos: ['protos'], upstreams: ['127.0.0.1:50051'] })`. The keys
 * are those of the configuration file; `listen` is the app's own affair. Rejects with SchemaError when the options, protos or rules are
 * wrong. The app's hooks run for transcoded requests and see `request.rpc`. Below a `prefix`, its own or that of the scope it is registered
 * in, the rules have their paths behind that prefix.
 */
const plugin: FastifyPluginAsync<PluginOptions> = async (app, options) => {
  const { prefix = '', hooks = [], ...gatewayOptions } = options as PluginOptions & { readonly prefix?: string };
  const gateway = await createGateway(gatewayOptions, { hooks });
  if (!app.hasDecorator('tandem')) app.decorate('tandem', gateway);
  app.addHook('onClose', () => gateway.close());
  decorateRequests(app);
  const heads = headsOf(gateway);
  const mount = async (scope: FastifyInstance): Promise<void> => {
    if (gateway.options.observability.requestIds) addRequestIds(scope);
    mountRules(scope, gateway, heads);
  };
  await app.register(mount, { prefix });
  logReloads(gateway, app.log);
  logStore(gateway, app.log);
  app.addHook('preClose', await keepShadow({ gateway, log: app.log, onResult: () => {} }));
  gateway.onReload(() => {
    const paths = headsOf(gateway).filter((head) => !heads.includes(head));
    if (paths.length > 0)
      app.log.warn({ paths }, 'an app takes no paths once it is ready: start it again to serve these');
  });
};

/** True when a protocol is on whose paths are those of methods. */
function hasMethodPaths({ options }: Gateway): boolean {
  const { grpc, grpcWeb, connect } = options.protocols;
  return grpc || grpcWeb || connect;
}

export const tandem: FastifyPluginAsync<PluginOptions> = fastifyPlugin(plugin, { name: 'tandem', fastify: '5.x' });

/** Gives requests their `rpc`. It is looked up on first use, so that hooks which run before ours see it too. */
export function decorateRequests(app: FastifyInstance): void {
  if (app.hasRequestDecorator('rpc')) return;
  app.decorateRequest('rpc', {
    getter(this: FastifyRequest) {
      const gateway = this.routeOptions.config.tandemGateway;
      return gateway && rpcOf(this, gateway);
    },
  });
}

/**
 * Answers everything below `heads` through the gateway. What no rule has goes to the app's own 404, so that an app can keep paths of its
 * own beside the rules'.
 */
export function mountRules(scope: FastifyInstance, gateway: Gateway, heads: readonly string[]): void {
  for (const method of customMethods(gateway.generation.table.bindings, scope)) {
    scope.addHttpMethod(method, { hasBody: true });
  }
  // Bodies reach the handler as they are: the transcoder reads JSON from the bytes.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  scope.setErrorHandler((error, request, reply) => fail(request, reply, gateway, statusErrorOf(error)));
  const tandemPrefix = prefixPattern(scope.prefix);
  const handler: RouteHandlerMethod = (request, reply) => {
    if (isNativeGrpc(request, gateway)) return handle(request, reply, gateway);
    const { outcome, rpc } = matchOf(request, gateway);
    const isOurs = outcome.kind !== 'unmatched' || rpc !== undefined;
    return isOurs ? handle(request, reply, gateway) : reply.callNotFound();
  };
  takeUpgrades(scope, upgradesOf(gateway, scope.prefix, tandemPrefix), gateway.options.limits.drain + LAST_BYTES_MS);
  // @fastify/websocket would take every WebSocket to a route that is none of its own, and close it.
  if (scope.hasDecorator('websocketServer')) {
    scope.addHook('onRoute', (route) => {
      route.handler = handler;
    });
  }
  for (const url of heads) {
    scope.route({
      method: scope.supportedMethods,
      url,
      exposeHeadRoute: false,
      config: { tandemGateway: gateway, ...(tandemPrefix && { tandemPrefix }) },
      handler,
    });
  }
}

/** Which WebSockets are for the rules of a scope. */
function upgradesOf(gateway: Gateway, prefix: string, pattern: RegExp | undefined): (target: string) => boolean {
  // Up to its first parameter.
  const [literal = ''] = prefix.split(/[:*]/);
  return (target) => {
    try {
      return target.startsWith(literal) && gateway.matchWebSocket(targetBehind(target, pattern)).binding !== undefined;
    } catch {
      // A path that cannot be decoded: the handler says so.
      return true;
    }
  };
}

/** As many segments as the prefix has: a request may write them with escapes, and Fastify's may be parameters. */
function prefixPattern(prefix: string): RegExp | undefined {
  const count = prefix.split('/').filter((segment) => segment !== '').length;
  return count === 0 ? undefined : new RegExp(`^(?:/[^/?]*){${count}}`);
}

/**
 * The routes that hold the methods of every service, and every template: its first literal segment and all below it. Fastify's router
 * cannot tell templates apart (it has no `:verb`, and decodes `%2F` before matching), so it only finds the door.
 */
function headsOf(gateway: Gateway): readonly string[] {
  const { table, methods } = gateway.generation;
  const called = hasMethodPaths(gateway) ? [...methods.values()].map(({ service }) => service.fullName) : [];
  const heads = new Set([...called, ...ownServiceNames(gateway.options)].map((service) => `/${service}/*`));
  for (const { template } of table.bindings) {
    const [first] = template.segments;
    if (first?.kind !== 'literal') return ['/*'];
    const head = `/${first.text.replaceAll(':', '::')}`;
    heads.add(head).add(`${head}/*`);
    if (template.segments.length === 1 && template.verb !== undefined) heads.add(`${head}::${template.verb}`);
  }
  return [...heads];
}

/** HTTP methods of custom rules that Fastify does not know by itself. */
function customMethods(bindings: readonly Binding[], scope: FastifyInstance): readonly string[] {
  const methods = new Set(bindings.map(({ httpMethod }) => httpMethod));
  return [...methods].filter((method) => method !== '*' && !scope.supportedMethods.includes(method));
}

/** Errors of the framework and of hooks have an HTTP status of their own. */
export function statusErrorOf(error: unknown): StatusError {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  if (error instanceof StatusError || typeof status !== 'number' || status < 400) return StatusError.from(error);
  const message = status < 500 && error instanceof Error ? error.message : 'internal error';
  return new StatusError(codeOfHttpStatus(status), message, { httpStatus: status, cause: error });
}
