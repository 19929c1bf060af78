/**
 * A method of the example: proto3 JSON in, proto3 JSON out. What is not given in JSON is at its default.
 */
export interface DemoCall {
  /** Request metadata by lower-case name. */
  metadata(name: string): string | undefined;
  setHeader(name: string, value: string): void;
  setTrailer(name: string, value: string): void;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

// The JSON's shape is the proto's, held by the codec on both sides; writing all of it again as types would prove nothing.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Json = any;

/** By the kind of call; a service is a table of them by method name. */
export type DemoMethod =
  | { readonly kind: 'unary'; readonly run: (request: Json, call: DemoCall) => Json }
  | { readonly kind: 'serverStream'; readonly run: (request: Json, call: DemoCall) => AsyncIterable<Json> }
  | { readonly kind: 'clientStream'; readonly run: (requests: AsyncIterable<Json>, call: DemoCall) => Promise<Json> }
  | { readonly kind: 'bidi'; readonly run: (requests: AsyncIterable<Json>, call: DemoCall) => AsyncIterable<Json> };

export type DemoService = Readonly<Record<string, DemoMethod>>;
