/**
 * A GET in a POST's clothes, for URLs longer than some proxy allows: `X-HTTP-Method-Override: GET` on a form-encoded POST makes the
 * form's fields the query. Off unless configured, and ignored on anything else: an override of other methods slips past rules that
 * look at the method.
 */
import type { HttpRequest } from '../transcode/exchange.ts';
import { essenceOf, refuseCharset } from '../transcode/media-type.ts';

export function isMethodOverride(method: string, headers: HttpRequest['headers']): boolean {
  return (
    method === 'POST' &&
    String(headers['x-http-method-override']).toUpperCase() === 'GET' &&
    essenceOf(String(headers['content-type'])) === 'application/x-www-form-urlencoded'
  );
}

/** The GET that the POST stands for. Throws 415 for a form in a charset other than UTF-8. */
export function overriddenRequest(request: HttpRequest): HttpRequest {
  refuseCharset(String(request.headers['content-type']), 'a form');
  // A target is ASCII: bytes beyond it, which a form may hold as they are, become the escapes that they stand for.
  const form = Buffer.from(request.body)
    .toString('latin1')
    .replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  const separator = form === '' ? '' : request.target.includes('?') ? '&' : '?';
  return { ...request, method: 'GET', target: request.target + separator + form, body: new Uint8Array() };
}
