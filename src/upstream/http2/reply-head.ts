/**
 * What the header lists of a gRPC reply say: the HTTP status, the protocol's own fields, and the metadata.
 */
import { codeName, GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import type { HeaderList } from './hpack-decoder.ts';
import { ErrorCode } from './protocol.ts';

export interface ReplyHead {
  /** `:status`; undefined in trailers. */
  readonly httpStatus: number | undefined;
  readonly contentType: string;
  readonly encoding: string;
  /** `grpc-accept-encoding`; undefined when there is no such field. */
  readonly acceptEncoding: string | undefined;
  /** `grpc-status` as a number, NaN when it is none; undefined when there is no such field. */
  readonly code: number | undefined;
  readonly message: string;
  readonly details: Uint8Array | undefined;
  /** `grpc-retry-pushback-ms`. */
  readonly pushback: string | undefined;
  readonly metadata: Metadata;
}

const legalName = /^[0-9a-z_.-]+$/;
const legalValue = /^[ -~]*$/;

/** Takes a header list apart. Entries that HTTP could not carry on, and the protocol's own, are not among the metadata. */
export function readHead(list: HeaderList): ReplyHead {
  const head = {
    httpStatus: undefined as number | undefined,
    contentType: '',
    encoding: 'identity',
    acceptEncoding: undefined as string | undefined,
    code: undefined as number | undefined,
    message: '',
    details: undefined as Uint8Array | undefined,
    pushback: undefined as string | undefined,
    metadata: [] as [string, string][],
  };
  for (let index = 0; index < list.length; index += 2) {
    const name = list[index] as string;
    const value = list[index + 1] as string;
    if (name === ':status') head.httpStatus = Number(value);
    else if (name === 'content-type') head.contentType = value;
    else if (name === 'grpc-status') head.code = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    else if (name === 'grpc-message') head.message = percentDecode(value);
    else if (name === 'grpc-encoding') head.encoding = value;
    else if (name === 'grpc-accept-encoding') head.acceptEncoding = value;
    else if (name === 'grpc-status-details-bin') head.details = new Uint8Array(Buffer.from(value, 'base64'));
    else if (name === 'grpc-retry-pushback-ms') head.pushback = value;
    else if (!name.startsWith('grpc-') && legalName.test(name) && legalValue.test(value))
      addMetadata(head.metadata, name, value);
  }
  return head;
}

/** The error that the end of a call means, or undefined for OK. `headers` is the initial metadata. */
export function endError(head: ReplyHead, headers: Metadata): StatusError | undefined {
  if (head.code === undefined)
    return new StatusError(GrpcCode.UNKNOWN, 'the upstream ended the call without gRPC status');
  if (head.code === GrpcCode.OK) return undefined;
  const code = codeName(head.code) === 'UNKNOWN' ? GrpcCode.UNKNOWN : (head.code as GrpcCode);
  return new StatusError(code, head.message, {
    trailers: head.metadata,
    metadata: headers,
    ...(head.details && { statusDetails: head.details }),
  });
}

// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
const codesByHttpStatus: ReadonlyMap<number, GrpcCode> = new Map([
  [400, GrpcCode.INTERNAL],
  [401, GrpcCode.UNAUTHENTICATED],
  [403, GrpcCode.PERMISSION_DENIED],
  [404, GrpcCode.UNIMPLEMENTED],
  [429, GrpcCode.UNAVAILABLE],
  [502, GrpcCode.UNAVAILABLE],
  [503, GrpcCode.UNAVAILABLE],
  [504, GrpcCode.UNAVAILABLE],
]);

/** The error of a reply that is not gRPC's: a web page, a proxy's answer. */
export function httpError(httpStatus: number): StatusError {
  const code = codesByHttpStatus.get(httpStatus) ?? GrpcCode.UNKNOWN;
  return new StatusError(code, `Received HTTP status code ${httpStatus}`);
}

// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, "HTTP2 Transport Mapping", errors; the others are INTERNAL.
const errorsByReset: ReadonlyMap<number, readonly [GrpcCode, string]> = new Map([
  [ErrorCode.REFUSED_STREAM, [GrpcCode.UNAVAILABLE, 'Stream refused by server']],
  [ErrorCode.CANCEL, [GrpcCode.CANCELLED, 'Call cancelled']],
  [ErrorCode.ENHANCE_YOUR_CALM, [GrpcCode.RESOURCE_EXHAUSTED, 'Bandwidth exhausted or memory limit exceeded']],
  [ErrorCode.INADEQUATE_SECURITY, [GrpcCode.PERMISSION_DENIED, 'Protocol not secure enough']],
]);

/** The error of a stream that the upstream reset. */
export function resetError(code: number): StatusError {
  const [grpcCode, message] = errorsByReset.get(code) ?? [GrpcCode.INTERNAL, `Received RST_STREAM with code ${code}`];
  return new StatusError(grpcCode, message);
}

// The values of a repeated `-bin` name may come joined; each is padded base64 for those who read it.
function addMetadata(metadata: [string, string][], name: string, value: string): void {
  if (!name.endsWith('-bin')) metadata.push([name, value]);
  else for (const part of value.split(',')) metadata.push([name, padded(part.trim())]);
}

function padded(base64: string): string {
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, '=');
}

// A message that is not well encoded is given as it is: an error must not hide another.
function percentDecode(message: string): string {
  if (!message.includes('%')) return message;
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
