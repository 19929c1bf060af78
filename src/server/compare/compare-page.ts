/**
 * @module The page that calls one RPC over every protocol: its files, and the requests by which it asks the gateway. What answers them is loaded
 * when somebody first asks.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { Gateway } from '../../gateway/gateway.ts';
import { mountPageFiles, sendPage } from '../page-files.ts';
import { sameOriginOnly } from './same-origin.ts';

/** Bytes that a request of the page may have: a message, and an answer to be read. */
const BODY_BYTES = 16 * 1024 * 1024;

/** Answers `path` and what is below it that is the page's, for those whom `route` lets in. */
export function mountComparePage(
  app: FastifyInstance,
  gateway: Gateway,
  path: string,
  route: RouteShorthandOptions,
): void {
  app.get(path, route, (_request, reply) => sendPage(reply, gateway, { file: 'compare/index.html', base: path }));
  mountPageFiles(app, path, 'compare', route);
  mountApi(app, gateway, `${path}/api`, route);
}

function mountApi(app: FastifyInstance, gateway: Gateway, path: string, route: RouteShorthandOptions): void {
  let loading: Promise<Record<string, (request: FastifyRequest, reply: FastifyReply) => unknown>> | undefined;
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    loading ??= import('./compare-api.ts').then(({ createCompareApi }) => createCompareApi(gateway));
    const { action } = request.params as { readonly action: string };
    const handlers = await loading;
    const name = `${request.method} ${action}`;
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    return handler === undefined ? reply.callNotFound() : handler(request, reply);
  };
  const own = { ...route, bodyLimit: BODY_BYTES, preHandler: sameOriginOnly };
  app.get(`${path}/:action`, own, answer);
  app.post(`${path}/:action`, own, answer);
}
