/** The page that shows what is counted: its files, figures and exports. */
import type { FastifyInstance, FastifyReply, RouteShorthandOptions } from 'fastify';
import type { Gateway } from '../../gateway/gateway.ts';
import { StatusError } from '../../status/status-error.ts';
import { mountPageFiles, sendPage } from '../page-files.ts';
import type { Analytics } from './analytics.ts';

/** Seconds that the page may look back. */
const spans: readonly string[] = ['300', '900', '3600'];

/** Answers `path` and what is below it that is the page's, for those whom `route` lets in. */
export function mountAnalyticsPage(
  app: FastifyInstance,
  { gateway, analytics }: { readonly gateway: Gateway; readonly analytics: Analytics },
  path: string,
  route: RouteShorthandOptions,
): void {
  app.get(path, route, (_request, reply) => sendPage(reply, gateway, { file: 'analytics/index.html', base: path }));
  mountPageFiles(app, path, 'analytics', route);
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

/** What is true now is not to be kept. */
function fresh(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store');
}
