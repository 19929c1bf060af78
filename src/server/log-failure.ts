/**
 * What the log says of a call that failed.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requestIdOf } from '../gateway/request-id.ts';
import { traceIdOf } from '../gateway/trace-id.ts';
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

/** Why a caller was refused is told here and nowhere else. */
function refusalOf({ httpStatus, cause }: StatusError): { readonly reason?: string } {
  return (httpStatus === 401 || httpStatus === 403) && cause instanceof Error ? { reason: cause.message } : {};
}
