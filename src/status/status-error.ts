/**
 * @module The one error a request can end with. Everything that fails on the request path is a StatusError or becomes
 * one in one place; what else is thrown is a bug and is answered as INTERNAL.
 */
import { codeName, GrpcCode, type GrpcCodeName, httpStatusOf } from './code.ts';

/** One thing wrong with one field of the request, as google.rpc.BadRequest.FieldViolation holds it. */
export interface FieldViolation {
  /** Path of the field in proto or JSON names, `book.author` or `tags[2]`; "" speaks of the message as a whole. */
  readonly field: string;
  readonly description: string;
}

/** A header or metadata entry; the name is lower case. The values of names that end in `-bin` are base64 text. */
export type StatusHeader = readonly [name: string, value: string];

export interface StatusErrorOptions {
  readonly cause?: unknown;
  /** What the HTTP answer has for a status where the code alone would not say it: 404 of a missing route, 405, 413, 415. */
  readonly httpStatus?: number;
  /** Response headers that belong to the failure: `allow`, `retry-after`, `www-authenticate`, and upstream metadata. */
  readonly headers?: readonly StatusHeader[];
  /** Own detail: the answer carries a google.rpc.BadRequest of these. */
  readonly violations?: readonly FieldViolation[];
  /** Upstream's details: the bytes of its google.rpc.Status, as `grpc-status-details-bin` brought them. */
  readonly statusDetails?: Uint8Array;
  /** Trailing metadata that came with the upstream's status. */
  readonly trailers?: readonly StatusHeader[];
  /** Initial metadata that came before the upstream's status. */
  readonly metadata?: readonly StatusHeader[];
}

/** A failed request: a gRPC code, a message for the client, and the cause for the log alone. */
export class StatusError extends Error {
  readonly code: GrpcCode;
  readonly httpStatus: number;
  readonly headers: readonly StatusHeader[];
  readonly violations: readonly FieldViolation[];
  readonly statusDetails: Uint8Array | undefined;
  readonly trailers: readonly StatusHeader[];
  readonly metadata: readonly StatusHeader[];

  constructor(code: GrpcCode, message: string, options: StatusErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'StatusError';
    this.code = code;
    this.httpStatus = options.httpStatus ?? httpStatusOf(code);
    this.headers = options.headers ?? [];
    this.violations = options.violations ?? [];
    this.statusDetails = options.statusDetails;
    this.trailers = options.trailers ?? [];
    this.metadata = options.metadata ?? [];
  }

  /** `INVALID_ARGUMENT`, for logs and metrics. */
  get codeName(): GrpcCodeName {
    return codeName(this.code);
  }

  /** INVALID_ARGUMENT with one field violation. The message repeats the field, so that it is clear without the detail. */
  static invalidField(field: string, description: string, cause?: unknown): StatusError {
    const message = field === '' ? description : `${field}: ${description}`;
    return new StatusError(GrpcCode.INVALID_ARGUMENT, message, { cause, violations: [{ field, description }] });
  }

  /** INTERNAL with a fixed text: the client learns nothing of the inside, the log has the cause. */
  static internal(cause: unknown): StatusError {
    return new StatusError(GrpcCode.INTERNAL, 'internal error', { cause });
  }

  /** The error itself when it is a StatusError; anything else is a bug and becomes `internal`. */
  static from(error: unknown): StatusError {
    return error instanceof StatusError ? error : StatusError.internal(error);
  }
}
