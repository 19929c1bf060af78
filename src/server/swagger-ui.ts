/**
 * Swagger UI as an app of its own. All its files come from the package, none from elsewhere.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { servedDocument } from './served-document.ts';

// The package's own policy asks browsers to upgrade to HTTPS, which a gateway without TLS cannot answer, and lets other hosts in.
const contentSecurityPolicy = [
  "default-src 'self'",
  "base-uri 'self'",
  "font-src 'self' data:",
  "frame-ancestors 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "script-src 'self'",
  "script-src-attr 'none'",
  "style-src 'self' 'unsafe-inline'",
].join('; ');

/** Answers below `path`. The document is asked for at each view, so that a reload shows. */
export async function createDocsApp(gateway: Gateway, path: string): Promise<FastifyInstance> {
  const app = fastify();
  const placeholder = { openapi: '3.1.0', info: { title: '', version: '' }, paths: {} };
  await app.register(swagger, { mode: 'static', specification: { document: placeholder } });
  await app.register(swaggerUi, {
    routePrefix: path,
    staticCSP: contentSecurityPolicy,
    transformSpecificationClone: false,
    transformSpecification: () => servedDocument(gateway.generation) as unknown as Record<string, unknown>,
    uiConfig: { deepLinking: true, docExpansion: 'list', displayRequestDuration: true, tryItOutEnabled: true },
  });
  await app.ready();
  return app;
}
