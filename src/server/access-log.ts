/** The access log: a line for each RPC once it has ended. It holds no path, query, metadata or message, so that there is nothing to black out. */
import type { FastifyBaseLogger } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { Rpc, RpcOutcome } from '../gateway/hooks.ts';
import { requestIdOf } from '../gateway/request-id.ts';
import { traceIdOf } from '../gateway/trace-id.ts';
import { identityOf } from '../security/identity.ts';
import { headerText } from '../transcode/exchange.ts';

/** Writes the lines of every call that begins from now on. */
export function logAccess(gateway: Gateway, log: FastifyBaseLogger): void {
  gateway.addHooks({ onEnd: (rpc, outcome) => log.info(lineOf(rpc, outcome), 'call') });
}

function lineOf(rpc: Rpc, { error, durationMs, upstreamMs, httpStatus, ...counts }: RpcOutcome): object {
  const { request, method, protocol, binding, client } = rpc;
  const { headers } = request;
  return {
    rpc: method.fullName,
    code: error?.codeName ?? 'OK',
    protocol,
    httpMethod: request.method,
    route: binding?.path,
    httpStatus: protocol === 'rest' ? httpStatus : undefined,
    durationMs,
    upstreamMs,
    requestBytes: counts.requestBytes,
    replyBytes: counts.replyBytes,
    client: client?.address,
    subject: identityOf(rpc)?.subject,
    userAgent: headerText(headers['user-agent']),
    requestId: requestIdOf(headers),
    traceId: traceIdOf(headers),
  };
}
