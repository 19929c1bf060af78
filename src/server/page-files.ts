/** Our own pages and their files, of `public/`. */
import type { FastifyInstance, FastifyReply, RouteShorthandOptions } from 'fastify';
import { ownPagePolicy } from './content-security.ts';
import { publicFile } from './public-file.ts';

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

interface PageValues {
  /** Its path. */
  readonly base: string;
  readonly [name: string]: string;
}

/** Answers with a page, its `{{names}}` filled in. The values are paths and names of protos: none has a character of HTML's. */
export function sendPage(
  reply: FastifyReply,
  file: string,
  values: PageValues,
  policy: string = ownPagePolicy,
): FastifyReply {
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
