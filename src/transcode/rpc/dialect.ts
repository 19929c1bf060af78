/**
 * @module How gRPC-Web and Connect clients write a call and read its answer: pure functions of headers and bytes. What is compressed comes
 * and goes as it is; inflating takes time and is the gateway's.
 */
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import type { HttpReply, HttpRequest, Metadata } from '../exchange.ts';

/** A message as a body carries it, in the codec of the call and perhaps compressed. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

/** Takes the payloads out of a request body as it arrives. Throws StatusError. */
export interface PayloadReader {
  push(chunk: Uint8Array): readonly Payload[];
  /** The body has ended. */
  end(): void;
}

export interface ReplyMetadata {
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

/** What one request says of the form of its call; made for each request. */
export interface Dialect {
  readonly protocol: 'grpc-web' | 'connect';
  /** How messages are written: protobuf, or its JSON. */
  readonly codec: MessageCodec;
  /** Why the call cannot be served, whatever it is: a compression or version that nobody here knows. */
  readonly refusal: StatusError | undefined;
  /** True when the request says that its messages may be compressed, which is by gzip. */
  readonly mayBeCompressed: boolean;
  readonly acceptsGzip: boolean;
  /** The bytes that a body of one message may have when the message may have so many. */
  bodyLimit(messageBytes: number): number;
  /** Milliseconds, `defaultMs` when the client asks for none. Throws INVALID_ARGUMENT. */
  timeoutOf(defaultMs: number, maxMs: number): number;
  /** The one message of a request that is there as a whole. Throws UNIMPLEMENTED when there is none, or another. */
  onlyPayload(request: HttpRequest, maxBytes: number): Payload;
  /** Of a request with a stream of messages. */
  payloadReader(maxBytes: number): PayloadReader;
  /** The answer of a call with one reply. */
  reply(payload: Payload, metadata: ReplyMetadata): HttpReply;
  /** The answer of a call that failed before anything of it was sent. */
  failure(error: StatusError, headers: Metadata): HttpReply;
  /** An answer with a stream of replies: its headers, each message, and the end. */
  readonly stream: StreamDialect | undefined;
}

export interface StreamDialect {
  readonly headers: Metadata;
  message(payload: Payload): Uint8Array;
  end(trailers: Metadata, error: StatusError | undefined): Uint8Array;
}

export type MessageCodec = 'proto' | 'json';

/** The codec that ends a content type, `application/grpc-web+json`; undefined for one that nobody here knows. */
export function codecNamed(name: string): MessageCodec | undefined {
  return name === 'proto' || name === 'json' ? name : undefined;
}

/** True when an Accept-Encoding header, or a protocol's own in its form, takes gzip. */
export function takesGzip(accepted: string): boolean {
  return accepted.split(',').some((item) => {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    return coding === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** The refusal of a coding that nobody here can undo; undefined for one that can be. */
export function codingRefusal(coding: string): StatusError | undefined {
  if (coding === 'identity' || coding === 'gzip') return undefined;
  return new StatusError(
    GrpcCode.UNIMPLEMENTED,
    `messages compressed as "${coding}" cannot be read; send gzip or identity`,
  );
}

/** The refusal of a request that has not the one message of its method. */
export function wrongCount(count: number): StatusError {
  const got = count === 0 ? 'none' : 'more than one';
  return new StatusError(GrpcCode.UNIMPLEMENTED, `the method takes one message; the request has ${got}`);
}
