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

const codesByHttpStatus: ReadonlyMap<number, GrpcCode> = new Map([
  [400, GrpcCode.INVALID_ARGUMENT],
  [401, GrpcCode.UNAUTHENTICATED],
  [403, GrpcCode.PERMISSION_DENIED],
  [404, GrpcCode.NOT_FOUND],
  [405, GrpcCode.UNIMPLEMENTED],
  [408, GrpcCode.DEADLINE_EXCEEDED],
  [409, GrpcCode.ABORTED],
  [413, GrpcCode.RESOURCE_EXHAUSTED],
  [429, GrpcCode.RESOURCE_EXHAUSTED],
  [499, GrpcCode.CANCELLED],
  [501, GrpcCode.UNIMPLEMENTED],
  [502, GrpcCode.UNAVAILABLE],
  [503, GrpcCode.UNAVAILABLE],
  [504, GrpcCode.DEADLINE_EXCEEDED],
]);

/** The code for a failure that only has an HTTP status, such as one of the framework or of a hook: `401` → UNAUTHENTICATED. */
export function codeOfHttpStatus(httpStatus: number): GrpcCode {
  const fallback = httpStatus >= 500 ? GrpcCode.INTERNAL : GrpcCode.INVALID_ARGUMENT;
  return codesByHttpStatus.get(httpStatus) ?? fallback;
}
