/**
 * @module Native gRPC: a request over HTTP/2 in, its frames on to the upstream and back as they are, its end as trailers. Every failure is a
 * gRPC status, never a page of HTTP.
 */
import type { ServerHttp2Stream } from 'node:http2';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Gateway } from '../../gateway/gateway.ts';
import type { RpcProtocol } from '../../gateway/hooks.ts';
import type { PassedCall } from '../../gateway/passed-call.ts';
import { requestIdHeader } from '../../gateway/request-id.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { FrameSplitter, frameHeadBytes } from '../../transcode/grpc-framing.ts';
import { tooLarge } from '../../transcode/rpc/envelopes.ts';
import { clientOf } from '../client.ts';
import { HangUp } from '../hang-up.ts';
import { logFailure, traceFailure } from '../log-failure.ts';
import { readBody, readChunks } from '../read-body.ts';
import { GrpcReply } from './grpc-reply.ts';

/** True for a request that says it is native gRPC. */
export function isGrpc({ headers }: FastifyRequest): boolean {
  const contentType = headers['content-type'];
  // Behind `application/grpc` gRPC-Web has a hyphen.
  return contentType !== undefined && /^application\/grpc(?:$|[+;\s])/i.test(contentType);
}

/** What carries a call; undefined over HTTP/1.1, which has no trailers that could. */
export function grpcStreamOf({ raw }: FastifyRequest): ServerHttp2Stream | undefined {
  return (raw as { readonly stream?: ServerHttp2Stream }).stream;
}

/** Why a call over HTTP/1.1 is refused. */
export function needsHttp2(): StatusError {
  const message =
    'gRPC needs HTTP/2, and this request came over HTTP/1.1: a proxy in between has to speak HTTP/2 to here; gRPC-Web and Connect do without';
  return new StatusError(GrpcCode.UNIMPLEMENTED, message, { httpStatus: 505 });
}

/** Answers one call. */
export async function handleGrpc(
  request: FastifyRequest,
  reply: FastifyReply,
  gateway: Gateway,
): Promise<FastifyReply> {
  const stream = streamOf(request);
  const answer = new GrpcReply(stream, idToldBy(reply));
  reply.hijack();
  const signal = new HangUp({ raw: stream });
  stream.once('aborted', () => signal.abort());
  let call: PassedCall | undefined;
  try {
    checkHead(request);
    const { method: httpMethod, url, headers } = request;
    const { method, target } = await gateway.method(url);
    const http = { method: httpMethod, target: url, headers };
    call = gateway.pass({ method, target, http, signal, client: () => clientOf(request) });
    await call.admit();
    const { bodyBytes, requestTimeout: timeoutMs } = gateway.options.limits;
    const frames = method.isClientStreaming
      ? framesOf(stream, bodyBytes)
      : onlyFrame(await readBody(stream, undefined, { bytes: bodyBytes + frameHeadBytes, timeoutMs }));
    if (method.isServerStreaming) await answer.stream(await call.stream(frames));
    else answer.unary(await call.unary(frames));
  } catch (cause) {
    const error = call?.fail(cause) ?? StatusError.from(cause);
    traceFailure(request, reply, gateway, { error, ...asGrpc });
    logFailure(request, reply, error);
    answer.fail(error);
  }
  call?.end();
  return reply;
}

/** Answers a failure that came before the call. */
export function failGrpc(request: FastifyRequest, reply: FastifyReply, gateway: Gateway, cause: unknown): FastifyReply {
  const error = StatusError.from(cause);
  traceFailure(request, reply, gateway, { error, ...asGrpc });
  logFailure(request, reply, error);
  reply.hijack();
  new GrpcReply(streamOf(request), idToldBy(reply)).fail(error);
  return reply;
}

/** Every failure of gRPC is a 200. */
const asGrpc: { readonly httpStatus: number; readonly protocolOf: () => RpcProtocol } = {
  httpStatus: 200,
  protocolOf: () => 'grpc',
};

/** The request's id, where requests have one. */
function idToldBy(reply: FastifyReply): string | undefined {
  return reply.getHeader(requestIdHeader) as string | undefined;
}

function streamOf(request: FastifyRequest): ServerHttp2Stream {
  const stream = grpcStreamOf(request);
  if (stream === undefined) throw new Error('this request has no stream');
  return stream;
}

function checkHead({ method, headers }: FastifyRequest): void {
  const contentType = headers['content-type'] ?? '';
  if (method !== 'POST') throw new StatusError(GrpcCode.INTERNAL, `a call is a POST, not ${method}`);
  if (/^application\/grpc(?:\+proto)?\s*(?:;|$)/i.test(contentType)) return;
  throw new StatusError(
    GrpcCode.UNIMPLEMENTED,
    `messages of ${contentType} are not served; send application/grpc+proto`,
  );
}

/** The frames of a request as they come. */
async function* framesOf(stream: ServerHttp2Stream, maxBytes: number): AsyncGenerator<Uint8Array, void> {
  let frames: Uint8Array[] = [];
  const splitter = new FrameSplitter(
    maxBytes,
    (bytes) => tooLarge(bytes, maxBytes),
    (frame) => frames.push(frame),
  );
  for await (const chunk of readChunks(stream)) {
    splitter.push(chunk as Buffer);
    const whole = frames;
    frames = [];
    yield* whole;
  }
  if (splitter.isInside) throw new StatusError(GrpcCode.INTERNAL, 'the request ends inside of a message');
}

/** The one frame of a request. Any other number is UNIMPLEMENTED (https://github.com/grpc/grpc/blob/master/doc/statuscodes.md). */
function onlyFrame(body: Uint8Array): Uint8Array {
  if (body.length === 0)
    throw new StatusError(GrpcCode.UNIMPLEMENTED, 'the method takes one message; the request has none');
  const { buffer, byteOffset, length } = body;
  if (length < frameHeadBytes) throw new StatusError(GrpcCode.INTERNAL, 'the request ends inside of a message');
  const end = frameHeadBytes + new DataView(buffer, byteOffset, length).getUint32(1);
  if (length === end) return body;
  if (length < end) throw new StatusError(GrpcCode.INTERNAL, 'the request ends inside of a message');
  throw new StatusError(GrpcCode.UNIMPLEMENTED, 'the method takes one message; the request has more than one');
}
