/** Answers the paths that are the gateway's own. */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { Analytics } from './analytics/analytics.ts';
import { mountAnalyticsPage } from './analytics/analytics-page.ts';
import { clientOf } from './client.ts';
import { mountComparePage } from './compare/compare-page.ts';
import { mountDocs } from './docs-pages.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Observing } from './observing.ts';
import { type OwnPath, ownPathsOf } from './own-paths.ts';
import { sendDocument, servedDocument, servedPart } from './served-document.ts';

/** Adds them to an app of our own; shadowed ones are left out with a line in the log. */
export async function mountOwnPaths(
  app: FastifyInstance,
  gateway: Gateway,
  { metrics, analytics }: Observing,
): Promise<void> {
  const pages: OwnPath[] = [];
  for (const own of ownPathsOf(gateway.generation)) {
    const { name, path, shadowedBy } = own;
    if (shadowedBy !== undefined) app.log.warn(`${path} is not served: ${shadowedBy} has this path`);
    else if (name === 'ui' || name === 'compare' || name === 'analytics') pages.push(own);
    else if (name === 'metrics') mountMetrics(app, path, guarded(gateway), metrics);
    else if (name === 'openapiParts') mountParts(app, gateway, path);
    else if (name === 'healthz' || name === 'readyz') app.get(path, (_request, reply) => answers[name](reply, gateway));
    else app.get(path, guarded(gateway), (_request, reply) => answers[name](reply, gateway));
  }
  if (pages.length > 0) await app.register(async (scope) => mountPages(scope, pages, { gateway, analytics }));
}

interface Shown {
  readonly gateway: Gateway;
  readonly analytics: Analytics | undefined;
}

/** What a browser shows as a page of its own. What it may load each says itself. */
async function mountPages(scope: FastifyInstance, pages: readonly OwnPath[], shown: Shown): Promise<void> {
  const { gateway, analytics } = shown;
  const { default: helmet } = await import('@fastify/helmet');
  // Whether a whole site is to be asked for by HTTPS alone, no page of it can know.
  await scope.register(helmet, { contentSecurityPolicy: false, strictTransportSecurity: false });
  for (const { name, path } of pages) {
    const route = guarded(gateway);
    if (name === 'ui') mountDocs(scope, gateway, path, route);
    else if (name === 'compare') mountComparePage(scope, gateway, path, route);
    else if (analytics !== undefined) mountAnalyticsPage(scope, { gateway, analytics }, path, route);
  }
}

const answers = {
  healthz: (reply: FastifyReply) => reply.send({ status: 'alive' }),
  readyz: (reply: FastifyReply, gateway: Gateway) => {
    const { isReady, upstreams } = gateway.readiness();
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', upstreams });
  },
  openapiJson: async (reply: FastifyReply, { generation }: Gateway) =>
    sendDocument(reply, await servedDocument(generation), 'json'),
  openapiYaml: async (reply: FastifyReply, { generation }: Gateway) =>
    sendDocument(reply, await servedDocument(generation), 'yaml'),
} as const;

function mountMetrics(app: FastifyInstance, path: string, route: RouteShorthandOptions, metrics?: Metrics): void {
  app.get(path, route, async (_request, reply) => {
    const text = await metrics?.text();
    return text === undefined ? reply.callNotFound() : reply.type(metrics?.contentType ?? '').send(text);
  });
}

/** `/openapi/library.v1.json`. What no document is called may still be a path of the user's rules. */
function mountParts(app: FastifyInstance, gateway: Gateway, folder: string): void {
  app.get(`${folder}/:file`, guarded(gateway), async (request: FastifyRequest, reply) => {
    const { file } = request.params as { readonly file: string };
    const [, name = '', format] = /^(.+)\.(json|yaml)$/.exec(file) ?? [];
    const document = await servedPart(gateway.generation, name);
    return document === undefined ? reply.callNotFound() : sendDocument(reply, document, format as 'json' | 'yaml');
  });
}

/** Pages that describe the API are for those whom `security.pages` lets in. */
function guarded(gateway: Gateway): RouteShorthandOptions {
  return {
    onRequest: async (request) => {
      const { security } = gateway.generation;
      if (security === undefined) return;
      const { url: target = '/', headers } = request.raw;
      const { error } = await security.decidePage({ request: { target, headers }, client: clientOf(request) });
      if (error !== undefined) throw error;
    },
  };
}
