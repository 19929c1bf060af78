/** The trace that a request belongs to, for the lines of the log. */
import { type HttpRequest, headerText } from '../transcode/exchange.ts';

type Headers = HttpRequest['headers'];

/** By a request's headers, which all that serve it have. */
const known = new WeakMap<Headers, string>();

export function setTraceId(headers: Headers, traceId: string): void {
  known.set(headers, traceId);
}

/** True once the request has a span of the gateway's. */
export function isTraced(headers: Headers): boolean {
  return known.has(headers);
}

/** For headers that are made of others. */
export function copyTraceId(from: Headers, to: Headers): void {
  const traceId = known.get(from);
  if (traceId !== undefined) known.set(to, traceId);
}

/** The trace of the gateway's own span, else that of the client's `traceparent` (W3C Trace Context). */
export function traceIdOf(headers: Headers): string | undefined {
  return known.get(headers) ?? /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(headerText(headers['traceparent']) ?? '')?.[1];
}
