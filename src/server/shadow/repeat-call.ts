/** Makes a call once more: over another protocol through the gateway's own transcoding, or by gRPC straight to an upstream. */
import type { Codec } from '../../codec/codec.ts';
import { prepareConnect, prepareGrpcWeb, prepareRest } from '../../compare/prepare-calls.ts';
import type { GrpcAnswer, HttpAnswer, PreparedHttp } from '../../compare/prepared-call.ts';
import { answer } from '../../gateway/answer.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { chainHooks, type HookChain } from '../../gateway/hooks.ts';
import type { CallTarget } from '../../gateway/rpc.ts';
import type { Binding } from '../../routing/binding.ts';
import type { MethodDescriptor } from '../../schema/descriptors.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import type { ShadowProtocol } from './shadow-result.ts';

/** Tells an upstream that nobody waits for the answer. */
export const SHADOW_HEADER = 'x-tandem-shadow';

export interface RepeatedCall {
  readonly method: MethodDescriptor;
  readonly binding: Binding | undefined;
  readonly over: ShadowProtocol;
  readonly message: Uint8Array;
  /** As the client's call was sent. */
  readonly metadata: Metadata;
}

export interface RepeatContext {
  readonly gateway: Gateway;
  readonly codec: Codec;
  readonly targetOf: (service: string) => CallTarget | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The answer, whatever it is. Throws INVALID_ARGUMENT where the rule has no place for the message. */
export async function repeatCall(call: RepeatedCall, context: RepeatContext): Promise<GrpcAnswer | HttpAnswer> {
  const own = call.metadata.filter(([name]) => name !== SHADOW_HEADER);
  const metadata: Metadata = [...own, [SHADOW_HEADER, 'true']];
  if (call.over === 'grpc') return await callUpstream({ ...call, metadata }, context);
  return await callGateway(preparedOf(call, context), { ...call, metadata }, context);
}

function preparedOf({ method, binding, over, message }: RepeatedCall, { codec }: RepeatContext): PreparedHttp {
  const call = { method, wire: [message], origin: '', headers: [], framing: 'array' } as const;
  if (over === 'rest' && binding !== undefined) return prepareRest({ ...call, binding }, codec);
  return over === 'grpc-web' ? prepareGrpcWeb(call) : prepareConnect(call);
}

async function callUpstream(
  { method, message, metadata }: RepeatedCall,
  { targetOf, timeoutMs, signal }: RepeatContext,
): Promise<GrpcAnswer> {
  try {
    const target = targetOf(method.service.fullName);
    if (target === undefined) throw new StatusError(GrpcCode.UNIMPLEMENTED, 'no upstream is configured');
    const deadline = performance.now() + timeoutMs;
    const options = { path: method.path, metadata, deadline, signal };
    return okAnswer((await target.transport.unary(options, message)).message);
  } catch (cause) {
    return errorAnswer(StatusError.from(cause));
  }
}

export function okAnswer(message: Uint8Array): GrpcAnswer {
  const messages = [{ atMs: 0, bytes: message }];
  return { kind: 'grpc', code: GrpcCode.OK, message: '', details: undefined, headers: [], trailers: [], messages };
}

export function errorAnswer({ code, message, statusDetails: details, metadata, trailers }: StatusError): GrpcAnswer {
  return { kind: 'grpc', code, message, details, headers: metadata, trailers, messages: [] };
}

/**
 * By the same functions that answer clients. Of the hooks there is one, which sends the metadata that the client's call was sent with: who calls has
 * been decided, and no metric, log or limit counts the call as a client's.
 */
async function callGateway(
  { method, target, headers, body }: PreparedHttp,
  { metadata }: RepeatedCall,
  { gateway, targetOf, timeoutMs, signal }: RepeatContext,
): Promise<HttpAnswer> {
  const fields = Object.fromEntries(headers);
  const { reply } = await answer(
    gateway.match(method, target, fields),
    { method, target, headers: fields, body },
    { signal, targetOf, hooks: sendingHooks(metadata, performance.now() + timeoutMs), client: undefined },
  );
  const pieces = 'body' in reply ? [reply.body] : await collected(reply.chunks, gateway.options.limits.replyBytes);
  return {
    kind: 'http',
    status: reply.status,
    headers: reply.headers,
    trailers: [],
    pieces: pieces.map((bytes) => ({ atMs: 0, bytes })),
  };
}

function sendingHooks(metadata: Metadata, deadline: number): HookChain | undefined {
  return chainHooks([
    {
      beforeSend(_rpc, call) {
        call.metadata = metadata;
        call.deadline = deadline;
      },
    },
  ]);
}

/** Of a reply that is so large that its JSON comes in pieces. */
async function collected(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of chunks) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new StatusError(GrpcCode.RESOURCE_EXHAUSTED, 'the answer is too large to be compared');
    pieces.push(piece);
  }
  return pieces;
}
