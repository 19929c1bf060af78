import type { FastifyReply, FastifyRequest } from 'fastify';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';

/**
 * Refuses what another site's page asks for with the credentials of a reader: calls and load would be made in the reader's name. Browsers say
 * where a request comes from, by `Sec-Fetch-Site` where the page is trustworthy and else by `Origin`; who says neither is no browser.
 */
export async function sameOriginOnly({ headers }: FastifyRequest, _reply: FastifyReply): Promise<void> {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isOwn = site === undefined ? origin === undefined || hostOf(origin) === host : site === 'same-origin';
  if (!isOwn) throw new StatusError(GrpcCode.PERMISSION_DENIED, 'only the page of this gateway may ask for this');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
