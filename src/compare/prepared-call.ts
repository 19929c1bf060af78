/**
 * @module One RPC over several protocols, side by side: what goes over the wire, how long it takes, and whether the answers are the same. A call is
 * prepared (everything that needs the schema), performed (bytes out, bytes in: also by a process of its own), and interpreted.
 */
import type { Metadata } from '../transcode/exchange.ts';

/** The ways by which a method can be called; `grpc-direct` leaves the gateway out. */
export const protocols = ['rest', 'grpc', 'grpc-direct', 'grpc-web', 'connect'] as const;
/** `grpc-against`, `rest-against`: another upstream or schema, whose answers are compared with those of the first. */
export type Protocol = (typeof protocols)[number] | 'grpc-against' | 'rest-against';

/** How to connect by TLS, as PEM texts. */
export interface CallTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  /** The certificates of `ca` are trusted as they are, whoever has signed them. */
  readonly isPinned?: boolean;
}

/** A request over HTTP/1.1, ready to be sent. Plain data, so that it can be handed to another process. */
export interface PreparedHttp {
  readonly protocol: 'rest' | 'grpc-web' | 'connect';
  /** `http://127.0.0.1:8080` */
  readonly origin: string;
  /** Besides what the origin's scheme says. */
  readonly tls?: CallTls;
  readonly method: string;
  readonly target: string;
  readonly headers: Metadata;
  readonly body: Uint8Array;
}

/** A gRPC call, ready to be made. */
export interface PreparedGrpc {
  readonly protocol: 'grpc' | 'grpc-direct' | 'grpc-against';
  /** As `--upstream` takes it. */
  readonly target: string;
  /** By TLS when given. */
  readonly tls?: CallTls;
  readonly path: string;
  readonly metadata: Metadata;
  /** One, where the method takes no stream of them. */
  readonly messages: readonly Uint8Array[];
  readonly isClientStreaming: boolean;
  readonly isServerStreaming: boolean;
}

export type PreparedCall = PreparedHttp | PreparedGrpc;

/** Bytes as they passed a socket, and when, in milliseconds of the performer's `performance.now()`. */
export interface Piece {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/** What was seen of one call. */
export interface Performed {
  readonly protocol: Protocol;
  readonly startMs: number;
  /** What it took to connect; 0 on a connection that was there. */
  readonly connectMs: number;
  /** From the start to the first byte of the answer, and to its last. */
  readonly firstByteMs: number;
  readonly totalMs: number;
  /** Everything that the connection carried meanwhile. */
  readonly sent: readonly Piece[];
  readonly received: readonly Piece[];
  /** What the connection had carried before; HPACK cannot be read without it. */
  readonly before: { readonly sent: Uint8Array; readonly received: Uint8Array };
  readonly reply: HttpAnswer | GrpcAnswer;
}

export interface HttpAnswer {
  readonly kind: 'http';
  readonly status: number;
  readonly headers: Metadata;
  readonly trailers: Metadata;
  /** The body without HTTP's framing, as it came. */
  readonly pieces: readonly Piece[];
}

export interface GrpcAnswer {
  readonly kind: 'grpc';
  readonly code: number;
  readonly message: string;
  /** Bytes of a google.rpc.Status. */
  readonly details: Uint8Array | undefined;
  readonly headers: Metadata;
  readonly trailers: Metadata;
  readonly messages: readonly Piece[];
}
