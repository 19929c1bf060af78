/**
 * What a caller is told who calls too often: google.rpc.RetryInfo and QuotaFailure for every protocol
 * (https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto), Retry-After for HTTP.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import { writeStatus } from '../transcode/rpc/status-details.ts';
import { lengthDelimited } from '../wire/fragment.ts';
import { varint } from '../wire/varint.ts';

export interface UsedUp {
  /** Whose: `address:192.0.2.1`. */
  readonly subject: string;
  /** `100 calls in 1m` */
  readonly allowed: string;
}

/** RESOURCE_EXHAUSTED, 429. */
export function tooManyCalls(usedUp: readonly UsedUp[], retryMs: number, headers: Metadata): StatusError {
  const message = `too many calls: ${usedUp.map(({ allowed }) => allowed).join(', ')}`;
  const statusDetails = writeStatus(GrpcCode.RESOURCE_EXHAUSTED, message, [
    { type: 'google.rpc.RetryInfo', value: retryInfo(retryMs) },
    { type: 'google.rpc.QuotaFailure', value: quotaFailure(usedUp) },
  ]);
  const retryAfter = ['retry-after', String(Math.max(1, Math.ceil(retryMs / 1000)))] as const;
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { headers: [retryAfter, ...headers], statusDetails });
}

/** `retry_delay` (1) of `seconds` (1) and `nanos` (2). */
export function retryInfo(retryMs: number): Uint8Array {
  const wholeMs = Math.ceil(retryMs);
  const seconds = [1 << 3, ...varint(Math.floor(wholeMs / 1000))];
  const nanos = [2 << 3, ...varint((wholeMs % 1000) * 1e6)];
  return lengthDelimited(1, Uint8Array.from([...seconds, ...nanos]));
}

/** `violations` (1), each with `subject` (1) and `description` (2). */
function quotaFailure(usedUp: readonly UsedUp[]): Uint8Array {
  const violations = usedUp.map(({ subject, allowed }) =>
    lengthDelimited(1, lengthDelimited(1, Buffer.from(subject)), lengthDelimited(2, Buffer.from(allowed))),
  );
  return Buffer.concat(violations);
}
