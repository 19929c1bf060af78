/**
 * @module A transcoded request in Fastify's terms: its RPC for hooks, its body in, its answer out. The only caller of `reply`.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, type Match, originForm } from '../gateway/answer.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Options } from '../gateway/options.ts';
import type { Binding } from '../routing/binding.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { GrpcCode } from '../status/code.ts';
import type { StatusError } from '../status/status-error.ts';
import { PARTS_TYPE, takesParts } from '../transcode/bind-form.ts';
import { type FormPart, type HttpRequest, headerText, type Metadata } from '../transcode/exchange.ts';
import { essenceOf } from '../transcode/media-type.ts';
import { clientOf } from './client.ts';
import { HangUp } from './hang-up.ts';
import { leaveBody } from './leave-body.ts';
import { logFailure, traceFailure } from './log-failure.ts';
import { announcesBody, readBody, readChunks } from './read-body.ts';
import { failGrpc, grpcStreamOf, handleGrpc, isGrpc, needsHttp2 } from './rpc/grpc.ts';
import { streamBody } from './stream-body.ts';
import { upgradeHead } from './upgrades.ts';

/** What hooks see as `request.rpc`: the RPC that this request calls. */
export interface RequestRpc {
  /** `package.Service` */
  readonly service: string;
  readonly method: string;
  /** The rule by which a REST client calls the method; undefined in the other protocols. */
  readonly binding: Binding | undefined;
}

const matchKey = Symbol('tandem.match');
type WithMatch = FastifyRequest & { [matchKey]?: Match };

/** The match of a request, made once. Throws StatusError for a malformed escape. */
export function matchOf(request: FastifyRequest, gateway: Gateway): Match {
  const holder = request as WithMatch;
  holder[matchKey] ??=
    upgradeHead(request.raw) === undefined
      ? gateway.match(request.method, targetOf(request), request.headers)
      : gateway.matchWebSocket(targetOf(request));
  return holder[matchKey];
}

/** The request target as the rules know it: without the prefix under which they are mounted. */
function targetOf({ raw, routeOptions }: FastifyRequest): string {
  return targetBehind(raw.url ?? '/', routeOptions.config.tandemPrefix);
}

/** A request target without the prefix that a pattern describes. */
export function targetBehind(target: string, prefix: RegExp | undefined): string {
  if (prefix === undefined) return target;
  const rest = originForm(target).replace(prefix, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The RPC of a request, or undefined when it is none; never throws, since hooks ask. */
export function rpcOf(request: FastifyRequest, gateway: Gateway): RequestRpc | undefined {
  try {
    if (isNativeGrpc(request, gateway)) {
      const called = gateway.generation.methods.get(request.url);
      return called && rpcNamed(called);
    }
    const { binding, rpc } = matchOf(request, gateway);
    const method = binding?.method ?? rpc?.method;
    return method && rpcNamed(method, binding);
  } catch {
    return undefined;
  }
}

function rpcNamed({ service, name }: MethodDescriptor, binding?: Binding): RequestRpc {
  return { service: service.fullName, method: name, binding };
}

/** True for a call that is to pass through; the paths of gRPC are no affair of the rules. */
export function isNativeGrpc(request: FastifyRequest, gateway: Gateway): boolean {
  return gateway.options.protocols.grpc && isGrpc(request);
}

/** Answers one request through the gateway. */
export async function handle(request: FastifyRequest, reply: FastifyReply, gateway: Gateway): Promise<FastifyReply> {
  const head = upgradeHead(request.raw);
  if (head !== undefined) return await handleUpgrade(request, reply, gateway, head);
  if (isNativeGrpc(request, gateway)) {
    if (grpcStreamOf(request) === undefined) return fail(request, reply, gateway, needsHttp2());
    return await handleGrpc(request, reply, gateway);
  }
  const hangUp = new HangUp(reply);
  try {
    const match = matchOf(request, gateway);
    const http = isStreamed(match) ? streamedRequest(request) : await collectedRequest(request, match, gateway);
    const answer = await gateway.answer(match, http, hangUp, () => clientOf(request));
    return send(request, reply, answer, { gateway, hangUp });
  } catch (error) {
    return fail(request, reply, gateway, error);
  }
}

async function handleUpgrade(
  request: FastifyRequest,
  reply: FastifyReply,
  gateway: Gateway,
  head: Buffer,
): Promise<FastifyReply> {
  const { raw } = request;
  try {
    const { serveWebSocket } = await import('./web-socket.ts');
    const outcome = await serveWebSocket(gateway, {
      raw,
      head,
      http: headOf(request),
      match: matchOf(request, gateway),
      client: () => clientOf(request),
      onAccept: () => {
        reply.hijack();
        reply.raw.detachSocket(raw.socket);
      },
    });
    if ('refusal' in outcome) return send(request, reply, outcome.refusal, { gateway });
    if (outcome.failure !== undefined) logFailure(request, reply, outcome.failure);
    return reply;
  } catch (error) {
    return fail(request, reply, gateway, error);
  }
}

/** Answers with an error that no call gave. */
export function fail(request: FastifyRequest, reply: FastifyReply, gateway: Gateway, error: unknown): FastifyReply {
  if (isNativeGrpc(request, gateway) && grpcStreamOf(request) !== undefined)
    return failGrpc(request, reply, gateway, error);
  const answer = gateway.answerError(error, request.headers, matchIfAny(request, gateway));
  return send(request, reply, answer, { gateway });
}

function matchIfAny(request: FastifyRequest, gateway: Gateway): Match | undefined {
  try {
    return matchOf(request, gateway);
  } catch {
    return undefined;
  }
}

/** The body is pulled by the call; that of a call which nothing can answer is not worth waiting for. */
function isStreamed({ binding, rpc }: Match): boolean {
  return rpc === undefined ? binding?.method.isClientStreaming === true : rpc.method?.isClientStreaming !== false;
}

/** Where there are hooks, they may refuse a call before its body has taken any memory. */
function collectedRequest(
  request: FastifyRequest,
  match: Match,
  { hooks, options }: Gateway,
): HttpRequest | Promise<HttpRequest> {
  if (hooks !== undefined) return { ...headOf(request), late: async () => wholeRequest(request, match, options) };
  return wholeRequest(request, match, options);
}

function wholeRequest(request: FastifyRequest, match: Match, options: Options): HttpRequest | Promise<HttpRequest> {
  const source = bodyOf(request);
  return source === undefined ? headOf(request) : requestWithBody(request, source, match, options);
}

async function requestWithBody(
  request: FastifyRequest,
  source: Readable,
  match: Match,
  { limits, transcoding }: Options,
): Promise<HttpRequest> {
  const { bodyBytes, requestTimeout: timeoutMs } = limits;
  const bytes = match.rpc?.dialect.bodyLimit(bodyBytes) ?? bodyBytes;
  const body = await readBody(source, request.headers['content-length'], { bytes, timeoutMs });
  const isInflated = transcoding.compression.requests && match.rpc === undefined;
  const http = { ...headOf(request), body };
  const whole = isInflated ? await (await import('./compression.ts')).inflated(http, bytes) : http;
  return hasParts(whole, match) ? { ...whole, parts: await partsOf(request, whole.body, limits) } : whole;
}

/** The body is a form in parts, and the rule has fields for them. A compressed one is refused as any other body. */
function hasParts({ headers }: HttpRequest, { binding }: Match): boolean {
  const { 'content-type': types, 'content-encoding': coding } = headers;
  const type = headerText(types);
  if (type === undefined || type === 'application/json' || essenceOf(type) !== PARTS_TYPE) return false;
  return coding === undefined && binding !== undefined && takesParts(binding);
}

async function partsOf(
  { headers }: FastifyRequest,
  body: Uint8Array,
  limits: Options['limits'],
): Promise<readonly FormPart[]> {
  const { readForm } = await import('./read-form.ts');
  return body.length === 0 ? [] : await readForm(body, headers['content-type'] ?? '', limits.formParts);
}

function streamedRequest(request: FastifyRequest): HttpRequest {
  const source = bodyOf(request);
  return { ...headOf(request), chunks: source && readChunks(source) };
}

function headOf(request: FastifyRequest): HttpRequest {
  const { method, headers } = request;
  return { method, target: targetOf(request), headers, body: empty };
}

/** Methods whose body Fastify does not look at, such as GET, may still have one: the transcoder decides. */
function bodyOf({ body, raw }: FastifyRequest): Readable | undefined {
  return body instanceof Readable ? body : announcesBody(raw) ? raw : undefined;
}

const empty = new Uint8Array();

interface Sending {
  readonly gateway: Gateway;
  readonly hangUp?: HangUp;
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { reply: answer, error }: Answer,
  { gateway, hangUp }: Sending,
): FastifyReply {
  if (error !== undefined) {
    const protocolOf = () => matchIfAny(request, gateway)?.rpc?.dialect.protocol ?? 'rest';
    traceFailure(request, reply, gateway, { error, httpStatus: answer.status, protocolOf });
    logFailure(request, reply, error);
  }
  reply.code(answer.status);
  setHeaders(reply, answer.headers);
  if (bodyOf(request)?.readableEnded === false) leaveBody(request, reply);
  // Fastify would name the type even of what is not there.
  if ('body' in answer) return reply.send(answer.status === 204 || answer.status === 304 ? undefined : answer.body);
  if (request.method === 'HEAD') {
    hangUp?.abort();
    return reply.send();
  }
  const body = streamBody(answer, gateway.options.transcoding.heartbeat);
  if (request.rpc?.binding !== undefined && takesTrailers(request)) {
    reply.header('trailer', 'grpc-status, grpc-message');
    body.once('end', () => reply.raw.addTrailers(trailersOf(answer.failure())));
  }
  body.once('close', () => {
    const failure = answer.failure();
    if (failure !== undefined) logFailure(request, reply, failure);
  });
  return reply.send(body);
}

/** Fastify takes the last value of a name. Those of a repeated one go together, and `vary` goes to what hooks have said. */
function setHeaders(reply: FastifyReply, headers: Metadata): void {
  const [only] = headers;
  if (headers.length === 1 && only !== undefined && only[0] !== 'vary') {
    reply.header(only[0], only[1]);
    return;
  }
  for (const [index, [name, value]] of headers.entries()) {
    const isRepeated = headers.some(([other], at) => other === name && at !== index);
    const values = isRepeated ? headers.filter(([other]) => other === name).map(([, each]) => each) : value;
    const before = name === 'vary' ? reply.getHeader(name) : undefined;
    reply.header(name, before === undefined ? values : [before, values].flat().join(', '));
  }
}

/** The client says so (RFC 9110, 10.1.4), and its version of HTTP has chunks to put them behind. */
function takesTrailers({ headers, raw }: FastifyRequest): boolean {
  return raw.httpVersion !== '1.0' && /\btrailers\b/i.test(String(headers['te']));
}

function trailersOf(failure: StatusError | undefined): Record<string, string> {
  return {
    'grpc-status': String(failure?.code ?? GrpcCode.OK),
    'grpc-message': encodeURIComponent(failure?.message ?? ''),
  };
}
