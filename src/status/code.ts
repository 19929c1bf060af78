/**
 * @module The seventeen gRPC codes, their names and their HTTP statuses, in one table. The only place that knows them.
 */

/** A canonical gRPC code: 0 (OK) to 16 (UNAUTHENTICATED). https://grpc.io/docs/guides/status-codes/ */
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcCodeName = keyof typeof GrpcCode;

// FAILED_PRECONDITION is 400 and not 412, which speaks of conditional request headers (google/rpc/code.proto).
const httpStatuses: Readonly<Record<GrpcCodeName, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

const namesByCode: readonly GrpcCodeName[] = Object.keys(GrpcCode) as GrpcCodeName[];

/** The name of a code, `3` → `INVALID_ARGUMENT`; a number outside the table is `UNKNOWN`, as the gRPC libraries treat it. */
export function codeName(code: number): GrpcCodeName {
  return namesByCode[code] ?? 'UNKNOWN';
}

/** The HTTP status of a gRPC code by the comments of google.rpc.Code; a number outside the table counts as UNKNOWN, 500. */
export function httpStatusOf(code: number): number {
  return httpStatuses[codeName(code)];
}
