/** Our own pages and their files, of `public/`. */
import type { FastifyInstance, FastifyReply, RouteShorthandOptions } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { ownPagePolicy } from './content-security.ts';
import { pageLinks } from './page-links.ts';
import { publicFile } from './public-file.ts';

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

interface Page {
  /** In `public/`. */
  readonly file: string;
  /** Its path. */
  readonly base: string;
  /** What else is filled in. */
  readonly values?: Readonly<Record<string, string>>;
  readonly policy?: string;
}

/** Answers with a page, its `{{names}}` filled in. The values are paths and names of protos: none has a character of HTML's. */
export function sendPage(reply: FastifyReply, { generation }: Gateway, page: Page): FastifyReply {
  const { file, base, policy = ownPagePolicy } = page;
  const others = pageLinks(generation).filter(({ path }) => path !== base);
  const links = others.map(({ path, title }) => `<a href="${path}">${title}</a>`).join(' ');
  const values: Readonly<Record<string, string>> = { ...page.values, base, links };
  const text = publicFile(file).replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
  return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(text);
}

/** Answers `BASE/files/…` with the scripts and styles of a page's folder, and with those that all pages share, for those whom `route` lets in. */
export function mountPageFiles(app: FastifyInstance, base: string, folder: string, route: RouteShorthandOptions): void {
  for (const each of [folder, 'shared']) {
    app.get(`${base}/files/${each}/:file`, route, (request, reply) => {
      const { file } = request.params as { readonly file: string };
      const [, extension = ''] = /^[\w-]+\.(css|js)$/.exec(file) ?? [];
      const text = extension === '' ? undefined : fileOrNothing(`${each}/${file}`);
      return text === undefined ? reply.callNotFound() : reply.type(types[extension] ?? '').send(text);
    });
  }
}

function fileOrNothing(name: string): string | undefined {
  try {
    return publicFile(name);
  } catch {
    return undefined;
  }
}
