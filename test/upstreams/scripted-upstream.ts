/**
 * A gRPC server in bytes over node:http2: answers any method path as its script says and records what it was asked.
 * For table tests of everything that calls an upstream, and for upstreams that misbehave in ways no gRPC library would.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** One call as it arrived. */
export interface ReceivedCall {
  readonly path: string;
  /** HTTP/2 request headers: metadata, and the protocol's own. */
  readonly headers: IncomingHttpHeaders;
  /** Request messages, without their frames. */
  readonly messages: readonly Uint8Array[];
  /** `grpc-timeout` in milliseconds. */
  readonly timeoutMs: number | undefined;
}

/** What to answer once the request has ended, or at once. */
export interface ScriptedReply {
  /** Do not read the request. The call is not recorded. */
  readonly isEarly?: boolean;
  readonly headers?: OutgoingHttpHeaders;
  readonly messages?: readonly Uint8Array[];
  /** gRPC status; 0 by default. */
  readonly code?: number;
  readonly message?: string;
  /** Bytes of a google.rpc.Status. */
  readonly details?: Uint8Array;
  readonly trailers?: OutgoingHttpHeaders;
}

/** Takes the stream over before anything is read, and must end it. */
export interface RawScript {
  readonly raw: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void | Promise<void>;
}

export type Script = ScriptedReply | ((call: ReceivedCall) => ScriptedReply | Promise<ScriptedReply>) | RawScript;

export interface ScriptedUpstream {
  /** `HOST:PORT` */
  readonly target: string;
  readonly port: number;
  /** Calls whose request has ended, in that order. */
  readonly calls: readonly ReceivedCall[];
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Sets or replaces the script of one path. */
  script(path: string, script: Script): void;
  /** Shows another certificate on connections that come. */
  renew(tls: { readonly key: string; readonly cert: string; readonly ca?: string }): void;
  /** Ends all connections and stops listening. */
  close(): Promise<void>;
}

export interface ScriptedUpstreamOptions {
  /** Of the loopback; 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string; readonly requestCert?: boolean };
  readonly settings?: { readonly maxConcurrentStreams?: number; readonly initialWindowSize?: number };
}

/** Starts one, on a free port of 127.0.0.1 when nothing is said. A path without a script answers UNIMPLEMENTED. */
export async function startScriptedUpstream(
  scripts: Readonly<Record<string, Script>> = {},
  options: ScriptedUpstreamOptions = {},
): Promise<ScriptedUpstream> {
  const byPath = new Map(Object.entries(scripts));
  const calls: ReceivedCall[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const settings = options.settings ?? {};
  const server: Http2Server = options.tls
    ? createSecureServer({ ...options.tls, rejectUnauthorized: options.tls.requestCert ?? false, settings })
    : createServer({ settings });
  server.on('session', (session) => {
    sessions.add(session);
    if (settings.initialWindowSize !== undefined) session.setLocalWindowSize(settings.initialWindowSize);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const script = byPath.get(headers[':path'] ?? '') ?? {
      isEarly: true,
      code: 12,
      message: `no script for ${headers[':path']}`,
    };
    if ('raw' in script) void script.raw(stream, headers);
    else void answer(stream, headers, script, calls);
  });
  const host = options.host ?? '127.0.0.1';
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    target: `${host}:${port}`,
    port,
    calls,
    sessions,
    script: (path, script) => byPath.set(path, script),
    renew: (tls) => (server as Http2SecureServer).setSecureContext(tls),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

/** One message as gRPC frames it: a flag, four bytes of length, the bytes. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(5 + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

/** The request messages of a stream, as they come. */
export async function* messagesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      yield Uint8Array.from(rest.subarray(5, end));
      rest = rest.subarray(end);
    }
  }
  assert.equal(rest.length, 0, 'the request ended inside a message');
}

/** Resolves when the stream takes more, or never will. */
export async function drained(stream: ServerHttp2Stream): Promise<void> {
  const settled = new AbortController();
  const events = ['drain', 'close'].map((event) => once(stream, event, { signal: settled.signal }).catch(() => {}));
  await Promise.race(events);
  settled.abort();
}

/** Trailers of a status. */
export function statusTrailers({ code = 0, message, details, trailers }: ScriptedReply): OutgoingHttpHeaders {
  return {
    ...trailers,
    'grpc-status': String(code),
    ...(message !== undefined && { 'grpc-message': percentEncode(message) }),
    ...(details !== undefined && { 'grpc-status-details-bin': Buffer.from(details).toString('base64') }),
  };
}

// As gRPC says: all but printable ASCII, and the percent sign.
function percentEncode(message: string): string {
  return message.replace(/[^ -$&-~]/gu, encodeURIComponent);
}

async function answer(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  script: Exclude<Script, RawScript>,
  calls: ReceivedCall[],
): Promise<void> {
  let reply = script;
  if (typeof reply === 'function' || !reply.isEarly) {
    const call = await receive(stream, headers);
    if (call === undefined) return;
    calls.push(call);
    if (typeof reply === 'function') reply = await reply(call);
  }
  if (stream.destroyed) return;
  const replyHeaders = { ':status': 200, 'content-type': 'application/grpc', ...reply.headers };
  if (reply.messages === undefined && (reply.code ?? 0) !== 0) {
    stream.respond({ ...replyHeaders, ...statusTrailers(reply) }, { endStream: true });
    return;
  }
  stream.respond(replyHeaders, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(statusTrailers(reply)));
  for (const message of reply.messages ?? []) {
    if (!stream.write(frame(message))) await drained(stream);
  }
  stream.end();
}

/** Undefined when the client left before the end of its request. */
async function receive(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<ReceivedCall | undefined> {
  const messages: Uint8Array[] = [];
  try {
    for await (const message of messagesOf(stream)) messages.push(message);
  } catch {
    return undefined;
  }
  return { path: headers[':path'] ?? '', headers, messages, timeoutMs: timeoutOf(headers['grpc-timeout']) };
}

function timeoutOf(header: string | string[] | undefined): number | undefined {
  const [, count, unit = ''] = /^(\d+)([HMSmun])$/.exec(String(header)) ?? [];
  const unitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
  return count === undefined ? undefined : Number(count) * (unitsMs[unit] ?? Number.NaN);
}
