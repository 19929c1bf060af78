/** The files of our own pages, of `public/`. */
import type { FastifyReply } from 'fastify';
import { ownPagePolicy } from './content-security.ts';
import { publicFile } from './public-file.ts';

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

/** Answers with a page that loads nothing but from here; `{{base}}` in it is the page's path, which has no character of HTML's. */
export function sendOwnPage(reply: FastifyReply, name: string, base: string): FastifyReply {
  const text = publicFile(name).replaceAll('{{base}}', base);
  return reply.header('content-security-policy', ownPagePolicy).type('text/html; charset=utf-8').send(text);
}

/** Answers with a script or style of a folder of `public/`, or as the app answers where there is nothing. */
export function sendPageFile(reply: FastifyReply, folder: string, file: string): unknown {
  const [, extension = ''] = /^[\w-]+\.(css|js)$/.exec(file) ?? [];
  const text = extension === '' ? undefined : fileOrNothing(`${folder}/${file}`);
  return text === undefined ? reply.callNotFound() : reply.type(types[extension] ?? '').send(text);
}

function fileOrNothing(name: string): string | undefined {
  try {
    return publicFile(name);
  } catch {
    return undefined;
  }
}
