/**
 * @module The pages and probes that are the gateway's own: OpenAPI document, Swagger UI, `/healthz`, `/readyz`. A rule of the user's with
 * the same path wins over them.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { stringify } from 'yaml';
import type { Gateway } from '../gateway/gateway.ts';
import type { Generation } from '../gateway/generation.ts';

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
export async function mountOwnPaths(app: FastifyInstance, gateway: Gateway): Promise<void> {
  for (const { name, path, shadowedBy } of ownPathsOf(gateway.generation)) {
    if (shadowedBy !== undefined) app.log.warn(`${path} is not served: ${shadowedBy} has this path`);
    else if (name === 'ui') await mountSwaggerUi(app, gateway, path);
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
    reply.type('application/json').send(JSON.stringify(generation.openApi(), undefined, 2)),
  openapiYaml: (reply: FastifyReply, { generation }: Gateway) =>
    reply.type('application/yaml').send(stringify(generation.openApi(), { aliasDuplicateObjects: false })),
} as const;

/** Offline: all files come from the package. The document is asked for at each view, so that a reload shows. */
async function mountSwaggerUi(app: FastifyInstance, gateway: Gateway, path: string): Promise<void> {
  await app.register(async (scope) => {
    const placeholder = { openapi: '3.1.0', info: { title: '', version: '' }, paths: {} };
    await scope.register(swagger, { mode: 'static', specification: { document: placeholder } });
    await scope.register(swaggerUi, {
      routePrefix: path,
      staticCSP: true,
      transformSpecificationClone: false,
      transformSpecification: () => gateway.generation.openApi() as unknown as Record<string, unknown>,
      uiConfig: { deepLinking: true, docExpansion: 'list', displayRequestDuration: true, tryItOutEnabled: true },
    });
  });
}
