/**
 * Swagger UI as an app of its own. All its files come from the package, none from elsewhere.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { contentSecurityPolicy } from './content-security.ts';
import { pageDocument } from './page-document.ts';
import { servedDocument } from './served-document.ts';

/** Answers below `path`. The document is asked for at each view, so that a reload shows. */
export async function createDocsApp(gateway: Gateway, path: string): Promise<FastifyInstance> {
  const app = fastify();
  const placeholder = { openapi: '3.1.0', info: { title: '', version: '' }, paths: {} };
  let document = await servedDocument(gateway.generation);
  // Swagger UI does not wait for what it shows.
  app.addHook('onRequest', async () => {
    document = await servedDocument(gateway.generation);
  });
  await app.register(swagger, { mode: 'static', specification: { document: placeholder } });
  await app.register(swaggerUi, {
    routePrefix: path,
    staticCSP: contentSecurityPolicy,
    transformSpecificationClone: false,
    transformSpecification: () => pageDocument(document, gateway) as unknown as Record<string, unknown>,
    uiConfig: { deepLinking: true, docExpansion: 'list', displayRequestDuration: true, tryItOutEnabled: true },
  });
  await app.ready();
  return app;
}
