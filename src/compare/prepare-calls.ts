/** One message to the requests that carry it over each protocol. */
import type { Codec } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import type { Binding } from '../routing/binding.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import { namingMessage } from '../transcode/bind-stream.ts';
import type { Metadata } from '../transcode/exchange.ts';
import {
  type MessageJson,
  type OutgoingRequest,
  outgoingRequest,
  outgoingStream,
} from '../transcode/outgoing-request.ts';
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
  /** One, where the method takes no stream of them. */
  readonly messages: readonly MessageJson[];
  /** Sent with each call: credentials, for the most part. Names in lower case. */
  readonly headers: Metadata;
  readonly framing: Framing;
}

/** What is given as the request of a method: a message, or of a stream of them also a list. Throws INVALID_ARGUMENT. */
export function messagesOf({ isClientStreaming }: MethodDescriptor, given: unknown): readonly MessageJson[] {
  const isObject = (value: unknown): value is MessageJson =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject(given)) return [given];
  if (!isClientStreaming) throw StatusError.invalidField('message', 'expected a JSON object');
  if (Array.isArray(given) && given.every(isObject)) return given;
  throw StatusError.invalidField('message', 'expected a list of JSON objects, as the method takes a stream of them');
}

/** The messages as protobuf. Throws INVALID_ARGUMENT that names the field, of a stream with the number of the message: `[3].title`. */
export function messageBytes(
  { method, messages }: Pick<Subject, 'method' | 'messages'>,
  codec: Codec,
): readonly Uint8Array[] {
  const read = codec.messageReader(method.input);
  const bytesOf = (message: MessageJson): Uint8Array => {
    try {
      return read(Buffer.from(JSON.stringify(message)));
    } catch (error) {
      if (error instanceof CodecError) throw StatusError.invalidField(error.path, error.description, error);
      throw error;
    }
  };
  if (!method.isClientStreaming) return messages.map(bytesOf);
  return messages.map((message, index) => namingMessage(index, () => bytesOf(message)));
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
  const messages = messageBytes(subject, codec);
  const { path, isClientStreaming, isServerStreaming } = method;
  const calls = new Map<Protocol, PreparedCall>();
  const wired: WiredCall = { ...subject, wire: messages, origin: endpoints.origin };
  if (binding !== undefined) calls.set('rest', prepareRest({ ...wired, binding }, codec));
  const grpc = { path, metadata, messages, isClientStreaming, isServerStreaming };
  calls.set('grpc', { protocol: 'grpc', target: endpoints.origin.replace(/^http:\/\//, ''), ...grpc });
  if (endpoints.upstream) calls.set('grpc-direct', { protocol: 'grpc-direct', ...endpoints.upstream, ...grpc });
  if (endpoints.against) calls.set('grpc-against', { protocol: 'grpc-against', ...endpoints.against, ...grpc });
  calls.set('grpc-web', prepareGrpcWeb(wired));
  calls.set('connect', prepareConnect(wired));
  return calls;
}

/** A call whose messages are protobuf already. */
export interface WiredCall extends Pick<Subject, 'method' | 'headers' | 'framing'> {
  readonly wire: readonly Uint8Array[];
  readonly origin: string;
}

export function prepareGrpcWeb({ method, headers, wire, origin }: WiredCall): PreparedHttp {
  return {
    protocol: 'grpc-web',
    origin,
    method: 'POST',
    target: method.path,
    headers: [['content-type', 'application/grpc-web+proto'], ['x-grpc-web', '1'], ...headers],
    body: envelopes(wire),
  };
}

export function prepareConnect({ method, headers, wire, origin }: WiredCall): PreparedHttp {
  const { path, isClientStreaming, isServerStreaming } = method;
  const [only = new Uint8Array()] = wire;
  const isStream = isClientStreaming || isServerStreaming;
  const type = isStream ? 'application/connect+proto' : 'application/proto';
  return {
    protocol: 'connect',
    origin,
    method: 'POST',
    target: path,
    headers: [['content-type', type], ['connect-protocol-version', '1'], ...headers],
    body: isStream ? envelopes(wire) : only,
  };
}

function envelopes(wire: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(wire.map((payload) => writeEnvelope({ flags: 0, payload })));
}

/**
 * By JSON names, whatever names and spellings the user chose: what the codec makes of its own reading. Throws INVALID_ARGUMENT naming the field for
 * which the rule has no place.
 */
export function prepareRest(
  { binding, method, framing, headers, wire, origin }: WiredCall & { readonly binding: Binding },
  codec: Codec,
): PreparedHttp {
  const write = codec.messageWriter(method.input);
  const messages = wire.map((bytes) => JSON.parse(Buffer.from(write(bytes)).toString()));
  const { contentType, ...request } = requestOf(binding, messages, framing);
  const accept = method.isServerStreaming ? framings[framing] : framings.array;
  const own: Metadata = [
    ['accept', accept],
    ...(contentType === undefined ? [] : [['content-type', contentType] as const]),
  ];
  return { protocol: 'rest', origin, ...request, headers: [...own, ...headers] };
}

/** By the binding; a stream is framed as its answer is. */
export function requestOf(
  binding: Binding,
  messages: readonly MessageJson[],
  framing: Framing = 'array',
): OutgoingRequest {
  if (binding.method.isClientStreaming) return outgoingStream(binding, messages, framing === 'ndjson');
  return outgoingRequest(binding, messages[0] ?? {});
}
