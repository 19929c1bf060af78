/** One message to the requests that carry it over each protocol. */
import type { Codec } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import type { Binding } from '../routing/binding.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import { type MessageJson, outgoingRequest } from '../transcode/outgoing-request.ts';
import { writeEnvelope } from '../transcode/rpc/envelopes.ts';
import type { PreparedCall, PreparedGrpc, PreparedHttp, Protocol } from './prepared-call.ts';

/** How a stream of replies is framed over REST. */
export const framings = {
  array: 'application/json',
  ndjson: 'application/x-ndjson',
  sse: 'text/event-stream',
} as const;
export type Framing = keyof typeof framings;

/** Where the calls go. */
export interface Endpoints {
  /** The gateway: `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The upstream of the method by itself; undefined when it cannot be called without the gateway. */
  readonly upstream: Pick<PreparedGrpc, 'target' | 'tls'> | undefined;
  /** Another upstream to compare it with. */
  readonly against?: Pick<PreparedGrpc, 'target' | 'tls'> | undefined;
}

export interface Subject {
  readonly method: MethodDescriptor;
  /** The rule by which it is called over REST; undefined when it has none. */
  readonly binding: Binding | undefined;
  readonly message: MessageJson;
  /** Sent with each call: credentials, for the most part. Names in lower case. */
  readonly headers: Metadata;
  readonly framing: Framing;
}

/** The message as protobuf. Throws INVALID_ARGUMENT that names the field. */
export function messageBytes({ method, message }: Pick<Subject, 'method' | 'message'>, codec: Codec): Uint8Array {
  try {
    return codec.messageReader(method.input)(Buffer.from(JSON.stringify(message)));
  } catch (error) {
    if (error instanceof CodecError) throw StatusError.invalidField(error.path, error.description, error);
    throw error;
  }
}

/**
 * The calls of one subject by protocol, those left out that it cannot have: REST without a rule, the upstream where it cannot be reached by itself.
 * Throws INVALID_ARGUMENT that names the field which is wrong, or for which the rule has no place.
 */
export function prepareCalls(
  subject: Subject,
  codec: Codec,
  endpoints: Endpoints,
): ReadonlyMap<Protocol, PreparedCall> {
  const { method, binding, headers: metadata } = subject;
  const message = messageBytes(subject, codec);
  const { path, isServerStreaming } = method;
  const calls = new Map<Protocol, PreparedCall>();
  const wired: WiredCall = { ...subject, wire: message, origin: endpoints.origin };
  if (binding !== undefined) calls.set('rest', prepareRest({ ...wired, binding }, codec));
  const grpc = { path, metadata, message, isServerStreaming };
  calls.set('grpc', { protocol: 'grpc', target: endpoints.origin.replace(/^http:\/\//, ''), ...grpc });
  if (endpoints.upstream) calls.set('grpc-direct', { protocol: 'grpc-direct', ...endpoints.upstream, ...grpc });
  if (endpoints.against) calls.set('grpc-against', { protocol: 'grpc-against', ...endpoints.against, ...grpc });
  calls.set('grpc-web', prepareGrpcWeb(wired));
  calls.set('connect', prepareConnect(wired));
  return calls;
}

/** A call whose message is protobuf already. */
export interface WiredCall extends Pick<Subject, 'method' | 'headers' | 'framing'> {
  readonly wire: Uint8Array;
  readonly origin: string;
}

export function prepareGrpcWeb({ method, headers, wire, origin }: WiredCall): PreparedHttp {
  return {
    protocol: 'grpc-web',
    origin,
    method: 'POST',
    target: method.path,
    headers: [['content-type', 'application/grpc-web+proto'], ['x-grpc-web', '1'], ...headers],
    body: writeEnvelope({ flags: 0, payload: wire }),
  };
}

export function prepareConnect({ method, headers, wire, origin }: WiredCall): PreparedHttp {
  const { path, isServerStreaming } = method;
  const type = isServerStreaming ? 'application/connect+proto' : 'application/proto';
  return {
    protocol: 'connect',
    origin,
    method: 'POST',
    target: path,
    headers: [['content-type', type], ['connect-protocol-version', '1'], ...headers],
    body: isServerStreaming ? writeEnvelope({ flags: 0, payload: wire }) : wire,
  };
}

/**
 * By JSON names, whatever names and spellings the user chose: what the codec makes of its own reading. Throws INVALID_ARGUMENT naming the field for
 * which the rule has no place.
 */
export function prepareRest(
  { binding, method, framing, headers, wire, origin }: WiredCall & { readonly binding: Binding },
  codec: Codec,
): PreparedHttp {
  const message = JSON.parse(Buffer.from(codec.messageWriter(method.input)(wire)).toString());
  const { contentType, ...request } = outgoingRequest(binding, message);
  const accept = method.isServerStreaming ? framings[framing] : framings.array;
  const own: Metadata = [
    ['accept', accept],
    ...(contentType === undefined ? [] : [['content-type', contentType] as const]),
  ];
  return { protocol: 'rest', origin, ...request, headers: [...own, ...headers] };
}
