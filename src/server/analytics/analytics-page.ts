/** The page that shows what is counted: its files, figures and exports. */
import type { FastifyInstance, FastifyReply, RouteShorthandOptions } from 'fastify';
import { StatusError } from '../../status/status-error.ts';
import { sendOwnPage, sendPageFile } from '../page-files.ts';
import type { Analytics } from './analytics.ts';

/** Seconds that the page may look back. */
const spans: readonly string[] = ['300', '900', '3600'];

/** Of `public/`: the page's own, and what it shares with the comparison. */
const folders: readonly string[] = ['analytics', 'compare'];

/** Answers `path` and what is below it that is the page's, for those whom `route` lets in. */
export function mountAnalyticsPage(
  app: FastifyInstance,
  analytics: Analytics,
  path: string,
  route: RouteShorthandOptions,
): void {
  app.get(path, route, (_request, reply) => sendOwnPage(reply, 'analytics/index.html', path));
  app.get(`${path}/files/:folder/:file`, route, (request, reply) => {
    const { folder, file } = request.params as { readonly folder: string; readonly file: string };
    return folders.includes(folder) ? sendPageFile(reply, folder, file) : reply.callNotFound();
  });
  app.get(`${path}/report`, route, async (request, reply) => {
    const { seconds = '300', method } = request.query as Readonly<Record<string, unknown>>;
    if (!spans.includes(String(seconds))) {
      throw StatusError.invalidField('seconds', `expected one of ${spans.join(', ')}`);
    }
    const wanted = typeof method === 'string' && method !== '' ? method : undefined;
    return fresh(reply).send(await analytics.report(Number(seconds), wanted));
  });
  for (const [format, type] of [
    ['json', 'application/json; charset=utf-8'],
    ['csv', 'text/csv; charset=utf-8'],
  ] as const) {
    app.get(`${path}/export.${format}`, route, async (_request, reply) => {
      const text = await analytics.export(format);
      const name = `attachment; filename="analytics.${format}"`;
      return fresh(reply).type(type).header('content-disposition', name).send(text);
    });
  }
}

/** What is true now is not to be kept, nor to be taken for a script by a page elsewhere. */
function fresh(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
}
