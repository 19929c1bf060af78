/** The span of a request that was answered before a method was known: nothing has its path, or nobody looked. */
import { type Attributes, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { headerText } from '../../transcode/exchange.ts';
import { setTraceId } from '../trace-id.ts';
import type { Uncalled } from '../uncalled.ts';
import { isServerFault, systemOf } from './rpc-attributes.ts';

/** Begins and ends it. Where the app has begun one for the request, that says it all. */
export function traceUncalled(uncalled: Uncalled): void {
  const { request, error, durationMs } = uncalled;
  const active = context.active();
  const begun = trace.getSpan(active);
  const span = begun ?? spanOf(uncalled, performance.now() - durationMs);
  setTraceId(request.headers, span.spanContext().traceId);
  if (begun !== undefined) return;
  if (isFault(uncalled)) {
    span.setAttribute('error.type', error.codeName);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  span.end();
}

function spanOf(uncalled: Uncalled, startTime: number): Span {
  const { request, client } = uncalled;
  const system = systemOf(uncalled.protocol);
  const attributes: Attributes = {
    ...(system === undefined ? httpAttributes(uncalled) : rpcAttributes(uncalled, system)),
    'tandem.protocol': uncalled.protocol,
    'client.address': client.address,
    'user_agent.original': headerText(request.headers['user-agent']),
  };
  const name = system ?? (httpMethods.has(request.method) ? request.method : 'HTTP');
  const parent = propagation.extract(context.active(), request.headers);
  return trace.getTracer('tandem').startSpan(name, { kind: SpanKind.SERVER, startTime, attributes }, parent);
}

/** The conventions' own: a method that none of them is must not become a name. */
const httpMethods: ReadonlySet<string> = new Set(
  ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'], //
);

function httpAttributes({ request, client, httpStatus }: Uncalled): Attributes {
  const { method, target } = request;
  const isKnown = httpMethods.has(method);
  return {
    'http.request.method': isKnown ? method : '_OTHER',
    'http.request.method_original': isKnown ? undefined : method,
    'http.response.status_code': httpStatus,
    'url.path': target.replace(/\?.*/s, ''),
    'url.scheme': client.scheme,
  };
}

function rpcAttributes({ request, error }: Uncalled, system: string): Attributes {
  return {
    'rpc.system.name': system,
    'rpc.method': '_OTHER',
    'rpc.method_original': request.target.replace(/\?.*/s, '').slice(1),
    'rpc.response.status_code': error.codeName,
  };
}

/** Of HTTP 5xx, of RPC the codes that are the server's. */
function isFault({ protocol, error, httpStatus }: Uncalled): boolean {
  return systemOf(protocol) === undefined ? httpStatus >= 500 : isServerFault(error);
}
