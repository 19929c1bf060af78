/** What the page's requests are about: methods of this gateway, called through its own port as the reader might call them. */
import type { FastifyRequest } from 'fastify';
import type { Codec } from '../../codec/codec.ts';
import { createCodec } from '../../codec/create-codec.ts';
import { MethodDescriber } from '../../compare/describe-method.ts';
import { findMethod, isRepeatable, ruleOf } from '../../compare/find-method.ts';
import { messagesOf, prepareCalls } from '../../compare/prepare-calls.ts';
import type { PreparedCall, Protocol } from '../../compare/prepared-call.ts';
import type { ReadContext } from '../../compare/read-answer.ts';
import { directTargetOf } from '../../gateway/direct-target.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Generation } from '../../gateway/generation.ts';
import { openApiOptionsOf } from '../../gateway/open-api-options.ts';
import { readTlsFiles } from '../../gateway/tls-files.ts';
import { isVisible, visibleBindings } from '../../openapi/visibility.ts';
import type { Binding } from '../../routing/binding.ts';
import type { MethodDescriptor } from '../../schema/descriptors.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { metadataOf } from '../../transcode/metadata.ts';
import { clientOf } from '../client.ts';
import type { CompareRequest } from './compare-request.ts';

/** One method with all its calls prepared. */
export interface CompareSubject {
  readonly context: ReadContext;
  readonly calls: ReadonlyMap<Protocol, PreparedCall>;
  /** Calling it again changes nothing more. */
  readonly isRepeatable: boolean;
}

/** What is made once a generation. */
export interface CompareRoom {
  readonly bindings: readonly Binding[];
  readonly codec: Codec;
  readonly describer: MethodDescriber;
}

const rooms = new WeakMap<Generation, CompareRoom>();

export function roomOf(generation: Generation): CompareRoom {
  const known = rooms.get(generation);
  if (known !== undefined) return known;
  const { schema, table, options, security } = generation;
  const openApi = openApiOptionsOf(options, security);
  const bindings = visibleBindings(table.bindings, openApi.visibility);
  const codec = createCodec(schema, { unknownAny: 'base64' });
  const room = { bindings, codec, describer: new MethodDescriber(bindings, schema, openApi) };
  rooms.set(generation, room);
  return room;
}

/** The methods that readers may see, whatever they may call. */
export function visibleMethods({ methods, options }: Generation): readonly MethodDescriptor[] {
  const { visibility } = options.docs;
  return [...methods.values()].filter(
    (method) =>
      isVisible(method, visibility) &&
      isVisible(method.service, visibility) &&
      !method.service.fullName.startsWith('grpc.'),
  );
}

/** A method by its name, with what it is read and written by. Throws NOT_FOUND. */
export function contextOf({ generation }: Gateway, name: string): ReadContext {
  const { bindings, codec } = roomOf(generation);
  const method = findMethod(generation.schema, name);
  if (!visibleMethods(generation).includes(method)) {
    throw new StatusError(GrpcCode.NOT_FOUND, `no method is called ${name}`);
  }
  return { method, binding: ruleOf(bindings, method), codec };
}

/** The calls that a reader asks for; none may be made before `admit` has let the reader in. */
export function subjectOf(gateway: Gateway, wanted: CompareRequest, request: FastifyRequest): CompareSubject {
  const context = contextOf(gateway, wanted.method);
  const { method, binding, codec } = context;
  const { headers, framing } = wanted;
  const messages = messagesOf(method, wanted.message);
  const upstream = directOf(gateway, method);
  const all = prepareCalls({ method, binding, messages, headers, framing }, codec, {
    origin: ownOrigin(request),
    upstream,
  });
  const calls = wanted.protocols.flatMap((protocol) => {
    const call = all.get(protocol);
    return call === undefined || !isSpoken(gateway, protocol)
      ? []
      : [[protocol, byOwnTls(withMetadata(call, gateway), gateway, request)] as const];
  });
  return { context, calls: new Map(calls), isRepeatable: isRepeatable(method, binding) };
}

/**
 * Calls will come from this host and not from the reader's, so that the reader's own address and credentials are judged first: whom the gateway
 * would refuse is refused. Rejects with that refusal.
 */
export async function admit(
  gateway: Gateway,
  { method: name, headers }: CompareRequest,
  request: FastifyRequest,
): Promise<void> {
  const { security } = gateway.generation;
  if (security === undefined) return;
  const { method } = contextOf(gateway, name);
  const caller = { request: { target: method.path, headers: Object.fromEntries(headers) }, client: clientOf(request) };
  const { error } = await security.decide(method, caller);
  if (error !== undefined) throw error;
}

/** Where callers have to show who they are, nobody gets past the gateway: upstreams believe what it says of them. */
function directOf({ generation, options }: Gateway, method: MethodDescriptor): ReturnType<typeof directTargetOf> {
  return generation.security === undefined ? directTargetOf(options, method.service.fullName) : undefined;
}

/** What goes straight to the upstream is what the gateway would let through. */
function withMetadata(call: PreparedCall, { generation }: Gateway): PreparedCall {
  if (call.protocol !== 'grpc-direct') return call;
  const { metadata, limits } = generation.transcoder.options;
  return { ...call, metadata: metadataOf(Object.fromEntries(call.metadata), metadata, limits) };
}

/** The gateway's own certificate, which need be known to nobody else on this machine; its name is the one by which the reader came. */
function byOwnTls(call: PreparedCall, { options }: Gateway, { headers }: FastifyRequest): PreparedCall {
  const { tls } = options.listen;
  if (tls === undefined || call.protocol === 'grpc-direct') return call;
  const { cert } = readTlsFiles({ cert: tls.cert }, 'listen.tls', []);
  const serverName = (headers.host ?? headers[':authority'] ?? '').toString().replace(/:\d+$/, '');
  const isName = /[a-z]/i.test(serverName) && !serverName.startsWith('[');
  return { ...call, tls: { ca: String(cert ?? ''), isPinned: true, ...(isName && { serverName }) } };
}

function isSpoken({ options }: Gateway, protocol: Protocol): boolean {
  const { grpc, grpcWeb, connect } = options.protocols;
  return {
    rest: true,
    'rest-against': true,
    'grpc-direct': true,
    'grpc-against': true,
    grpc,
    'grpc-web': grpcWeb,
    connect,
  }[protocol];
}

/** The port at which the reader has reached this gateway. Never what a header says: calls with credentials go there. */
export function ownOrigin({ raw: { socket } }: FastifyRequest): string {
  const { localAddress = '127.0.0.1', localPort } = socket;
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  const host = localAddress.includes(':') && !localAddress.startsWith('::ffff:') ? `[${localAddress}]` : localAddress;
  return `${scheme}://${host.replace('::ffff:', '')}:${localPort}`;
}
