/**
 * @module HTTP and gRPC as plain data, so that this room knows no framework and no transport.
 */

/** gRPC metadata: lower-case names; values of `-bin` names are base64 text, as both HTTP and gRPC carry them. */
export type Metadata = readonly (readonly [name: string, value: string])[];

export interface HttpRequest {
  readonly method: string;
  /** The raw request-target in origin form: path and query, nothing decoded. */
  readonly target: string;
  /** Lower-case names; a header sent more than once has its values in order. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  /** Lower-case names, one pair per header line. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}
