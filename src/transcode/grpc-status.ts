/**
 * @module The end of a call as gRPC's trailers tell it ("Trailers" of https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
 */
import { GrpcCode } from '../status/code.ts';
import type { StatusError } from '../status/status-error.ts';
import type { Metadata } from './exchange.ts';

/** `grpc-status` and what belongs to it, with the metadata that came with the status. `error` is undefined for a call that ended well. */
export function trailersOf(error: StatusError | undefined, metadata: Metadata): Metadata {
  if (error === undefined) return [...metadata, ['grpc-status', String(GrpcCode.OK)]];
  const trailers: (readonly [string, string])[] = [
    ...error.trailers,
    ...error.headers,
    ['grpc-status', String(error.code)],
    ['grpc-message', percentEncode(error.message)],
  ];
  const { statusDetails } = error;
  if (statusDetails !== undefined) {
    // Base64 without padding, as gRPC sends it.
    const base64 = Buffer.from(statusDetails).toString('base64').replaceAll('=', '');
    trailers.push(['grpc-status-details-bin', base64]);
  }
  return trailers;
}

/** `Status-Message`: all but printable ASCII, and the percent sign, as escapes of UTF-8. */
function percentEncode(message: string): string {
  if (/^[ -$&-~]*$/.test(message)) return message;
  // By way of bytes: half a surrogate pair has no escape.
  return Buffer.from(message)
    .toString()
    .replace(/[^ -$&-~]+/gu, encodeURIComponent);
}
