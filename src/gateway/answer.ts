/**
 * @module A request as plain data to its answer: match, call, and every failure turned into an answer in one place.
 */
import type { Binding } from '../routing/binding.ts';
import type { MatchOutcome } from '../routing/route-table.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import {
  type HttpReply,
  type HttpRequest,
  type HttpStreamReply,
  headerText,
  type Metadata,
} from '../transcode/exchange.ts';
import { isErrorEnveloped } from '../transcode/stream-framing.ts';
import type { CancelSignal } from '../upstream/transport.ts';
import { answerRpc, answerRpcError } from './answer-rpc.ts';
import { type CallContext, callMethod } from './call.ts';
import type { Generation } from './generation.ts';
import type { HookChain, RpcClient } from './hooks.ts';
import { isMethodOverride, overriddenRequest } from './method-override.ts';
import { hasStreams } from './rpc.ts';
import type { RpcMatch } from './rpc-routes.ts';
import { RpcRun } from './rpc-run.ts';

/** What a request's method and path mean, in the generation that was current when it came. */
export interface Match {
  readonly generation: Generation;
  readonly outcome: MatchOutcome;
  /** The form-encoded POST stands for a GET. */
  readonly isOverride: boolean;
  /** The rule of the call; undefined when none has this method and path. */
  readonly binding: Binding | undefined;
  /** The call, when the client speaks gRPC-Web or Connect; there is no binding then. */
  readonly rpc: RpcMatch | undefined;
}

export interface Answer {
  readonly reply: HttpReply | HttpStreamReply;
  /** Why the reply is an error, with its cause for the log; undefined when it is none. */
  readonly error: StatusError | undefined;
}

export interface AnswerContext {
  readonly signal: CancelSignal;
  readonly targetOf: CallContext['targetOf'];
  /** Undefined when there are no hooks. */
  readonly hooks: HookChain | undefined;
  readonly client: RpcClient | undefined;
}

export function matchRequest(
  generation: Generation,
  method: string,
  target: string,
  headers: HttpRequest['headers'],
): Match {
  const path = pathOf(target);
  const { rpcRoutes } = generation;
  const declared = rpcRoutes?.declared({ method, path, target, headers });
  if (declared !== undefined) return { ...noRule, generation, rpc: declared };
  const isOverride = generation.options.transcoding.methodOverride && isMethodOverride(method, headers);
  const outcome = generation.table.match(isOverride ? 'GET' : method, path);
  if (outcome.kind === 'matched') {
    return { generation, outcome, isOverride, binding: outcome.binding, rpc: undefined };
  }
  const rpc = rpcRoutes?.undeclared({ method, path, target, headers }, outcome.kind === 'unmatched');
  return { ...noRule, generation, outcome, rpc };
}

const noRule = { outcome: { kind: 'unmatched' }, isOverride: false, binding: undefined, rpc: undefined } as const;

const webSocketMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * What the target of a WebSocket means, which is a GET whatever the rule has: a method with streams, of several the one that GET calls, or
 * else POST and so on. Where there is none, a method without.
 */
export function matchWebSocket(generation: Generation, target: string): Match {
  const path = pathOf(target);
  const get = generation.table.match('GET', path);
  const allowed = get.kind === 'wrongMethod' ? get.allow : [];
  const outcomes = [...webSocketMethods, ...allowed].map((method) => generation.table.match(method, path));
  const matched = outcomes.filter((outcome) => outcome.kind === 'matched');
  const outcome = matched.find(({ binding }) => hasStreams(binding.method)) ?? matched[0] ?? get;
  return { ...noRule, generation, outcome, binding: outcome.kind === 'matched' ? outcome.binding : undefined };
}

/** The path of a request target in origin or absolute form, raw: `http://host/a%20b?c` → `/a%20b`. */
export function pathOf(target: string): string {
  const origin = originForm(target);
  const end = origin.indexOf('?');
  return end < 0 ? origin : origin.slice(0, end);
}

/** A proxy's client writes the whole URL as target (RFC 9112, 3.2.2); only its path and query matter here. */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const [, rest] = /^https?:\/\/[^/?]*(.*)$/i.exec(target) ?? [];
  return rest === undefined ? target : rest.startsWith('/') ? rest : `/${rest}`;
}

/** Never rejects. */
export async function answer(match: Match, request: HttpRequest, context: AnswerContext): Promise<Answer> {
  const { generation, outcome, isOverride } = match;
  if (match.rpc !== undefined) return answerRpc(match.rpc, request, generation, context);
  let run: RpcRun | undefined;
  try {
    if (outcome.kind !== 'matched') return { reply: unmatchedReply(outcome, request, generation), error: undefined };
    const { binding, captures } = outcome;
    if (context.hooks !== undefined) {
      run = restRun(context.hooks, binding, request, context.client);
      await run.admit();
    }
    const whole = request.late === undefined ? request : { ...request, ...(await request.late()) };
    let http = isOverride ? overriddenRequest(whole) : whole;
    if (http.webSocket !== undefined) http = { ...http, ...(await http.webSocket.accept()) };
    const { limits } = generation.options;
    const reply = await callMethod(
      { binding, captures, http, signal: context.signal, run },
      {
        transcoder: generation.transcoder,
        targetOf: context.targetOf,
        streamTimeoutMs: limits.streamTimeout,
        streamIdleMs: limits.streamIdle,
        maxTimeoutMs: limits.timeoutMax,
      },
    );
    if (!binding.method.isServerStreaming) run?.end(reply.status);
    return { reply: run?.withHeaders(reply) ?? reply, error: undefined };
  } catch (cause) {
    const error = run?.fail(cause);
    run?.end(error?.httpStatus);
    const failed = answerError(generation, error ?? cause, request.headers, match);
    return { ...failed, reply: run?.withHeaders(failed.reply) ?? failed.reply };
  }
}

function restRun(hooks: HookChain, binding: Binding, request: HttpRequest, client: RpcClient | undefined): RpcRun {
  const protocol = request.webSocket === undefined ? 'rest' : 'websocket';
  return new RpcRun(hooks, {
    protocol,
    method: binding.method,
    binding,
    request,
    client,
    values: new Map(),
    replyHeaders: [],
  });
}

/** Where no rule has the method and path. Throws what is to be answered as an error: 404, 405, or 503 where rules are yet to come. */
function unmatchedReply(
  outcome: Exclude<MatchOutcome, { kind: 'matched' }>,
  { method, target }: HttpRequest,
  { unreflected, methods, options }: Generation,
): HttpReply {
  const path = pathOf(target);
  if (outcome.kind === 'unmatched') {
    const [missing] = unreflected;
    if (missing === undefined) throw noSuchRule(method, path, options.protocols.connect && methods.has(path));
    throw new StatusError(GrpcCode.UNAVAILABLE, `upstream ${missing.target} has not yet told what it serves`);
  }
  const allow = outcome.allow.join(', ');
  const headers: Metadata = [['allow', allow]];
  if (outcome.kind === 'options') return { status: 204, headers, body: new Uint8Array() };
  const message = `${path} does not take ${method}, but ${allow}`;
  throw new StatusError(GrpcCode.UNIMPLEMENTED, message, { httpStatus: 405, headers });
}

function noSuchRule(method: string, path: string, isMethodPath: boolean): StatusError {
  const hint = isMethodPath ? '; a call by Connect says so: connect-protocol-version: 1, or ?connect=v1 of a GET' : '';
  return new StatusError(GrpcCode.NOT_FOUND, `no rule serves ${method} ${path}${hint}`);
}

/** A StatusError is answered as it is; anything else is a bug of ours, answered as INTERNAL without a word of the inside. */
export function answerError(
  { transcoder }: Generation,
  cause: unknown,
  headers: HttpRequest['headers'],
  match?: Match,
): Answer {
  if (match?.rpc !== undefined) return answerRpcError(match.rpc, cause, match.generation);
  const error = StatusError.from(cause);
  const accept = headerText(headers['accept']);
  const isEnveloped = match?.binding?.method.isServerStreaming === true && isErrorEnveloped(accept, transcoder.options);
  return { reply: transcoder.errors.render(error, accept, isEnveloped), error };
}
