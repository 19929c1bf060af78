/**
 * A call by gRPC-Web or Connect to its answer: hooks, the call, and every failure in the client's own protocol.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { HttpRequest } from '../transcode/exchange.ts';
import { headersOf } from '../transcode/metadata.ts';
import type { Answer, AnswerContext } from './answer.ts';
import type { Generation } from './generation.ts';
import { callRpc } from './rpc-call.ts';
import type { RpcMatch } from './rpc-routes.ts';
import { RpcRun } from './rpc-run.ts';

/** Never rejects. */
export async function answerRpc(
  match: RpcMatch,
  request: HttpRequest,
  generation: Generation,
  { signal, targetOf, hooks, client }: AnswerContext,
): Promise<Answer> {
  const { dialect, method } = match;
  let run: RpcRun | undefined;
  try {
    if (match.refusal !== undefined) throw match.refusal;
    if (method === undefined) throw unknownMethod(match.path, generation);
    if (hooks !== undefined) {
      const { protocol } = dialect;
      run = new RpcRun(hooks, {
        protocol,
        method,
        binding: undefined,
        request,
        client,
        values: new Map(),
        replyHeaders: [],
      });
      await run.admit();
    }
    const http = request.late === undefined ? request : { ...request, ...(await request.late()) };
    const { limits } = generation.options;
    const reply = await callRpc(
      { dialect, method, http, signal, run },
      {
        options: generation.transcoder.options,
        codec: generation.rpcCodec,
        targetOf,
        streamTimeoutMs: limits.streamTimeout,
        streamIdleMs: limits.streamIdle,
        maxTimeoutMs: limits.timeoutMax,
      },
    );
    if ('body' in reply) run?.end();
    return { reply: run?.withHeaders(reply) ?? reply, error: undefined };
  } catch (cause) {
    const error = run?.fail(cause) ?? cause;
    run?.end();
    const failed = answerRpcError(match, error, generation);
    return { ...failed, reply: run?.withHeaders(failed.reply) ?? failed.reply };
  }
}

/** The answer for a failure in a call's own protocol. What is no StatusError is answered as INTERNAL without a word of the inside. */
export function answerRpcError({ dialect }: RpcMatch, cause: unknown, { transcoder }: Generation): Answer {
  const error = StatusError.from(cause);
  const headers = [...error.headers, ...headersOf(error.metadata, transcoder.options.metadata)];
  return { reply: dialect.failure(error, headers), error };
}

/** Why a path is no method's. */
export function unknownMethod(path: string, { unreflected: [missing] }: Generation): StatusError {
  if (missing === undefined) {
    return new StatusError(GrpcCode.UNIMPLEMENTED, `no service has the method ${path}`, { httpStatus: 404 });
  }
  return new StatusError(GrpcCode.UNAVAILABLE, `upstream ${missing.target} has not yet told what it serves`);
}
