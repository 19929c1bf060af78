/**
 * What calls fail with by themselves, in the same words over every transport.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

export function deadlineExceeded(cause?: unknown): StatusError {
  return new StatusError(GrpcCode.DEADLINE_EXCEEDED, 'deadline exceeded', { cause });
}

/** The caller's signal was aborted: its reason, when that is a StatusError. */
export function cancelledBy(reason: unknown): StatusError {
  if (reason instanceof StatusError) return reason;
  return new StatusError(GrpcCode.CANCELLED, 'the call was cancelled', { cause: reason });
}

export function requestTooLarge(bytes: number, limit: number): StatusError {
  const message = `the request message has ${bytes} bytes, over the limit of ${limit}`;
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { httpStatus: 413 });
}

export function replyTooLarge(limit: number, cause: unknown): StatusError {
  const message = `the reply is over the limit of ${limit} bytes`;
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { httpStatus: 502, cause });
}

/** `reason` is what a client may know of it. */
export function unreachable(target: string, reason: string | undefined, cause: unknown): StatusError {
  const message = `upstream ${target} is unreachable`;
  return new StatusError(GrpcCode.UNAVAILABLE, reason === undefined ? message : `${message}: ${reason}`, { cause });
}

/** More calls than are let through: the client is told when to come again. */
export function overloaded(target: string, why: string): StatusError {
  const message = `upstream ${target} is overloaded: ${why}`;
  return new StatusError(GrpcCode.UNAVAILABLE, message, { headers: [['retry-after', '1']] });
}
