/**
 * What the log says of a call that failed, and the trace of one that never was.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { RpcProtocol } from '../gateway/hooks.ts';
import { requestIdOf } from '../gateway/request-id.ts';
import { isTraced, traceIdOf } from '../gateway/trace-id.ts';
import type { StatusError } from '../status/status-error.ts';

/** One line a failed call; the cause only where it is ours or the upstream's to mend. */
export function logFailure(request: FastifyRequest, reply: FastifyReply, error: StatusError): void {
  const { service, method } = request.rpc ?? {};
  const line = {
    rpc: service && `${service}.${method}`,
    code: error.codeName,
    durationMs: reply.elapsedTime,
    requestId: requestIdOf(request.headers),
    traceId: traceIdOf(request.headers),
  };
  if (error.httpStatus >= 500) request.log.error({ ...line, err: error.cause }, error.message);
  else request.log.info({ ...line, ...refusalOf(error) }, error.message);
}

/** A span for a request that fails before it has one, so that the line of the log can name its trace. */
export function traceFailure(
  request: FastifyRequest,
  { elapsedTime: durationMs }: FastifyReply,
  { generation: { traceUncalled } }: Gateway,
  failure: { readonly error: StatusError; readonly httpStatus: number; readonly protocolOf: () => RpcProtocol },
): void {
  const { headers, ip, method, protocol: scheme, raw } = request;
  if (traceUncalled === undefined || isTraced(headers)) return;
  const { error, httpStatus, protocolOf } = failure;
  traceUncalled({
    protocol: protocolOf(),
    request: { method, target: raw.url ?? '/', headers },
    client: { address: ip, scheme },
    error,
    httpStatus,
    durationMs,
  });
}

/** Why a caller was refused is told here and nowhere else. */
function refusalOf({ httpStatus, cause }: StatusError): { readonly reason?: string } {
  return (httpStatus === 401 || httpStatus === 403) && cause instanceof Error ? { reason: cause.message } : {};
}
