/**
 * The documentation pages. A small API is one page of Swagger UI; of a large one Swagger UI would take minutes to draw, so that there is a
 * page to search all operations, and one of Swagger UI for each service.
 */
import type { FastifyInstance, RouteHandlerMethod, RouteShorthandOptions } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { Generation } from '../gateway/generation.ts';
import { comparePath } from './compare/compare-links.ts';
import { contentSecurityPolicy } from './content-security.ts';
import { pageDocument } from './page-document.ts';
import { mountPageFiles, sendPage } from './page-files.ts';
import { sendDocument, servedPart } from './served-document.ts';

/** Operations that Swagger UI shows on one page without a reader having to wait. */
const onePage = 100;

/** Answers `path` and everything below it, for those whom `route` lets in. */
export function mountDocs(app: FastifyInstance, gateway: Gateway, path: string, route: RouteShorthandOptions): void {
  let docs: Promise<FastifyInstance> | undefined;
  const showSwaggerUi: RouteHandlerMethod = async (request, reply) => {
    // It is loaded by the first who looks at it: most gateways that start never show a page.
    docs ??= import('./swagger-ui.ts').then(({ createDocsApp }) => createDocsApp(gateway, path));
    const { routing } = await docs;
    reply.hijack();
    routing(request.raw, reply.raw);
  };
  app.get(path, route, function (request, reply) {
    if (gateway.generation.table.bindings.length <= onePage) return showSwaggerUi.call(this, request, reply);
    return sendPage(reply, gateway, {
      file: 'docs/index.html',
      base: path,
      values: { compare: comparePath(gateway) ?? '' },
    });
  });
  mountPageFiles(app, path, 'docs', route);
  app.get(`${path}/*`, route, async function (request, reply) {
    const rest = (request.params as { readonly '*': string })['*'];
    const { generation } = gateway;
    if (rest === 'operations.json') return reply.type('application/json').send(await indexText(generation));
    const [, service = '', file] = /^([\w.]+?)(\/openapi\.json)?$/.exec(rest) ?? [];
    const isKnown = (await generation.documents()).names('service').includes(service);
    if (!isKnown) return showSwaggerUi.call(this, request, reply);
    if (file === undefined) {
      const values = { service };
      return sendPage(reply, gateway, { file: 'docs/service.html', base: path, values, policy: contentSecurityPolicy });
    }
    const document = await servedPart(generation, service);
    return document && sendDocument(reply, pageDocument(document, gateway), 'json');
  });
}

const texts = new WeakMap<Generation, string>();

/** What the page searches, as JSON; made once a generation. */
async function indexText(generation: Generation): Promise<string> {
  const text = texts.get(generation) ?? JSON.stringify((await generation.documents()).index());
  texts.set(generation, text);
  return text;
}
