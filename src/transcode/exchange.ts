/**
 * @module HTTP and gRPC as plain data, so that this room knows no framework and no transport.
 */

import type { StatusError } from '../status/status-error.ts';

/** gRPC metadata: lower-case names; values of `-bin` names are base64 text, as both HTTP and gRPC carry them. */
export type Metadata = readonly (readonly [name: string, value: string])[];

export interface HttpRequest {
  readonly method: string;
  /** The raw request-target in origin form: path and query, nothing decoded. */
  readonly target: string;
  /** Lower-case names; a header sent more than once has its values in order. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
  /** The parts of a multipart/form-data body, where they fill fields. */
  readonly parts?: readonly FormPart[] | undefined;
  /** Reads the rest, `body` and `parts`, once the call is let in; both are empty then. */
  readonly late?: (() => Promise<Pick<HttpRequest, 'body' | 'parts'>>) | undefined;
  /** The body of a call whose requests are a stream, as it arrives; `body` is empty then. */
  readonly chunks?: AsyncIterable<Uint8Array> | undefined;
  /** The same where each message comes by itself, as over a WebSocket. */
  readonly frames?: AsyncIterable<Uint8Array> | undefined;
  /** Set when the request asks for a WebSocket: replies are then pieces of one message each, and errors are told outside of them. */
  readonly webSocket?: WebSocketOffer | undefined;
}

/** A part of a multipart/form-data body, or a pair of a form. */
export interface FormPart {
  readonly name: string;
  /** Given for files. */
  readonly filename?: string;
  /** Without parameters. */
  readonly contentType?: string;
  readonly data: Uint8Array;
}

/** A WebSocket that can still be refused. */
export interface WebSocketOffer {
  /** Takes it, and gives what the client sends: the one message of the call, or the frames of a stream. */
  accept(): Promise<Pick<HttpRequest, 'body' | 'frames'>>;
}

/** The value of a header; of one sent more than once the values joined, as RFC 9110, 5.3 reads them. */
export function headerText(header: string | readonly string[] | undefined): string | undefined {
  return header === undefined || typeof header === 'string' ? header : header.join(', ');
}

export interface HttpReply {
  readonly status: number;
  /** Lower-case names, one pair per header line. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** A reply whose body comes in pieces; the rest of `HttpReply` is as it is there. */
export interface HttpStreamReply {
  readonly status: number;
  readonly headers: HttpReply['headers'];
  /**
   * The body. Pulled, never collected. It throws only where the framing cannot carry an error: then the connection is to
   * be cut, so that the client sees that the reply is incomplete.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Sent when nothing else was for a while; undefined where the framing has no room for it. */
  readonly heartbeat: Uint8Array | undefined;
  /** The error that ended the call early, once `chunks` has ended: for trailers and the log. */
  readonly failure: () => StatusError | undefined;
}
