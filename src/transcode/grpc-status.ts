/**
 * @module The end of a call as gRPC's trailers tell it ("Trailers" of https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
 */
import { GrpcCode } from '../status/code.ts';
import type { StatusError } from '../status/status-error.ts';
import type { Metadata } from './exchange.ts';
import { statusBytesOf, unpaddedBase64 } from './rpc/status-details.ts';

/** The trailers of a call, with the metadata that came with its status. `error` is undefined for a call that ended well. */
export function trailersOf(error: StatusError | undefined, metadata: Metadata): Metadata {
  if (error === undefined) return [...metadata, ...statusOf(undefined)];
  return [...error.trailers, ...error.headers, ...statusOf(error)];
}

/** `grpc-status` and what belongs to it. */
export function statusOf(error: StatusError | undefined): Metadata {
  if (error === undefined) return ok;
  const details = statusBytesOf(error);
  return [
    ['grpc-status', String(error.code)],
    ['grpc-message', percentEncode(error.message)],
    ...(details === undefined ? [] : [['grpc-status-details-bin', unpaddedBase64(details)] as const]),
  ];
}

const ok: Metadata = [['grpc-status', String(GrpcCode.OK)]];

/** `Status-Message`: all but printable ASCII, and the percent sign, as escapes of UTF-8. */
function percentEncode(message: string): string {
  if (/^[ -$&-~]*$/.test(message)) return message;
  // By way of bytes: half a surrogate pair has no escape.
  return Buffer.from(message)
    .toString()
    .replace(/[^ -$&-~]+/gu, encodeURIComponent);
}
