/**
 * @module The pages and probes that are the gateway's own: OpenAPI document, Swagger UI, `/healthz`, `/readyz`. A rule of the user's with
 * the same path wins over them.
 */
import type { FastifyInstance, FastifyReply, RouteHandlerMethod } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { Generation } from '../gateway/generation.ts';
import { servedDocument } from './served-document.ts';

/** One path of the gateway's own. */
export interface OwnPath {
  readonly name: 'ui' | 'openapiJson' | 'openapiYaml' | 'healthz' | 'readyz';
  readonly path: string;
  /** The id of the user's binding that has this path, and so hides the page. */
  readonly shadowedBy: string | undefined;
}

/** The own paths that are switched on. */
export function ownPathsOf({ options, table }: Pick<Generation, 'options' | 'table'>): readonly OwnPath[] {
  const { prefix, paths } = options.docs;
  return (['ui', 'openapiJson', 'openapiYaml', 'healthz', 'readyz'] as const).flatMap((name) => {
    const own = paths[name];
    if (own === false) return [];
    const path = prefix + own;
    const outcome = table.match('GET', path);
    return [{ name, path, shadowedBy: outcome.kind === 'matched' ? outcome.binding.id : undefined }];
  });
}

/** Adds them to an app of our own; shadowed ones are left out with a line in the log. */
export function mountOwnPaths(app: FastifyInstance, gateway: Gateway): void {
  for (const { name, path, shadowedBy } of ownPathsOf(gateway.generation)) {
    if (shadowedBy !== undefined) app.log.warn(`${path} is not served: ${shadowedBy} has this path`);
    else if (name === 'ui') mountSwaggerUi(app, gateway, path);
    else app.get(path, (_request, reply) => answers[name](reply, gateway));
  }
}

const answers = {
  healthz: (reply: FastifyReply) => reply.send({ status: 'alive' }),
  readyz: (reply: FastifyReply, gateway: Gateway) => {
    const { isReady, upstreams } = gateway.readiness();
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', upstreams });
  },
  openapiJson: (reply: FastifyReply, { generation }: Gateway) =>
    reply.type('application/json').send(JSON.stringify(servedDocument(generation), undefined, 2)),
  openapiYaml: async (reply: FastifyReply, { generation }: Gateway) => {
    const { stringify } = await import('yaml');
    const text = stringify(servedDocument(generation), { aliasDuplicateObjects: false, lineWidth: 0 });
    return reply.type('application/yaml').send(text);
  },
} as const;

/** Swagger UI is loaded by the first who looks at it: most gateways that start never show a page. */
function mountSwaggerUi(app: FastifyInstance, gateway: Gateway, path: string): void {
  let docs: Promise<FastifyInstance> | undefined;
  const show: RouteHandlerMethod = async (request, reply) => {
    docs ??= import('./swagger-ui.ts').then(({ createDocsApp }) => createDocsApp(gateway, path));
    const { routing } = await docs;
    reply.hijack();
    routing(request.raw, reply.raw);
  };
  app.get(path, show);
  app.get(`${path}/*`, show);
}
