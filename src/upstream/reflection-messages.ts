/**
 * The few messages of grpc.reflection.v1 (and of v1alpha, which are the same on the wire), by hand, for client and server.
 * https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

/** A ServerReflectionResponse. */
export interface ReflectionReply {
  readonly files: readonly Uint8Array[];
  readonly services: readonly string[];
  /** Text of an error_response. */
  readonly error: string | undefined;
}

const request = { fileByName: 3, fileContainingSymbol: 4, listServices: 7 } as const;
const reply = { originalRequest: 2, fileDescriptors: 4, listServices: 6, error: 7 } as const;

/** What a ServerReflectionRequest asks for; extension look-ups are not among it. */
export interface ReflectionRequest {
  readonly kind: keyof typeof request;
  readonly name: string;
}

export function writeRequest({ kind, name }: ReflectionRequest): Uint8Array {
  return lengthDelimited(request[kind], utf8(name));
}

/** Undefined for a request of another kind. */
export function readRequest(bytes: Uint8Array): ReflectionRequest | undefined {
  for (const kind of Object.keys(request) as (keyof typeof request)[]) {
    const name = valuesOf(bytes, request[kind]).map(textOf).at(-1);
    if (name !== undefined) return { kind, name };
  }
  return undefined;
}

/** The reply to the request of these bytes. */
export function writeReply(requestBytes: Uint8Array, { files, services, error }: ReflectionReply): Uint8Array {
  const serviceList = services.map((name) => lengthDelimited(1, lengthDelimited(1, utf8(name))));
  return Buffer.concat([
    lengthDelimited(reply.originalRequest, requestBytes),
    ...(files.length > 0
      ? [lengthDelimited(reply.fileDescriptors, join(files.map((file) => lengthDelimited(1, file))))]
      : []),
    ...(services.length > 0 ? [lengthDelimited(reply.listServices, join(serviceList))] : []),
    ...(error !== undefined ? [lengthDelimited(reply.error, join([notFound, lengthDelimited(2, utf8(error))]))] : []),
  ]);
}

export function readReply(bytes: Uint8Array): ReflectionReply {
  const files = valuesOf(bytes, reply.fileDescriptors).flatMap((list) => valuesOf(list, 1));
  const services = valuesOf(bytes, reply.listServices)
    .flatMap((list) => valuesOf(list, 1))
    .flatMap((service) => valuesOf(service, 1).map(textOf));
  const error = valuesOf(bytes, reply.error).at(-1);
  return { files, services, error: error && valuesOf(error, 2).map(textOf).join('') };
}

/** Name and imports of a serialized google.protobuf.FileDescriptorProto. */
export function descriptorFileOf(bytes: Uint8Array): { readonly name: string; readonly imports: readonly string[] } {
  return { name: valuesOf(bytes, 1).map(textOf).join(''), imports: valuesOf(bytes, 3).map(textOf) };
}

/** The length-delimited fields of a message; others are skipped. Throws INTERNAL when the bytes are no message. */
function* fieldsOf(bytes: Uint8Array): Generator<readonly [field: number, value: Uint8Array]> {
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[offset++];
      if (byte === undefined) throw malformed();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const tag = varint();
    const start = offset;
    if (tag % 8 === 0) varint();
    else if (tag % 8 === 1) offset += 8;
    else if (tag % 8 === 5) offset += 4;
    else if (tag % 8 !== 2) throw malformed();
    else {
      const length = varint();
      offset += length;
      if (offset <= bytes.length) yield [Math.floor(tag / 8), bytes.subarray(offset - length, offset)];
    }
    if (offset > bytes.length || offset === start) throw malformed();
  }
}

function valuesOf(bytes: Uint8Array, field: number): Uint8Array[] {
  return [...fieldsOf(bytes)].flatMap(([number, value]) => (number === field ? [value] : []));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function malformed(): StatusError {
  return new StatusError(GrpcCode.INTERNAL, 'the upstream sent a malformed answer to server reflection');
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const join = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
const notFound = Uint8Array.of(1 << 3, GrpcCode.NOT_FOUND);

function lengthDelimited(field: number, bytes: Uint8Array): Uint8Array {
  const head = [(field << 3) | 2];
  let length = bytes.length;
  for (; length > 127; length = Math.floor(length / 128)) head.push((length & 127) | 128);
  return join([Uint8Array.of(...head, length), bytes]);
}
