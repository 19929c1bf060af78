/**
 * HTTP/1.1 and HTTP/2 on one port. With TLS the client says by ALPN which of them it speaks; without, its first bytes say it: HTTP/2 begins
 * with a preface of its own (RFC 9113, 3.3 and 3.4).
 */
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { createServer as createTlsServer, type ServerOptions as TlsServerOptions } from 'node:https';
import type { Duplex } from 'node:stream';

export interface HttpVersionsOptions {
  readonly http1: ServerOptions;
  /** Undefined is without TLS. */
  readonly tls: TlsServerOptions | undefined;
  readonly keepAliveTimeoutMs: number;
  /** Of one connection of HTTP/2. */
  readonly http2: {
    readonly streams: number;
    readonly streamWindowBytes: number;
    readonly connectionWindowBytes: number;
    readonly headerBytes: number;
    /** How long it may be without a stream. */
    readonly idleMs: number;
  };
}

/** Of node:net's Socket. */
type Connection = Duplex & {
  setTimeout(ms: number): void;
  alpnProtocol?: string | false | null;
};

const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Makes servers that speak both versions, and knows what of their connections no server of HTTP/1.1 does. */
export class HttpVersions {
  readonly #options: HttpVersionsOptions;
  readonly #sessions = new Set<ServerHttp2Session>();
  /** What the sessions run over: destroying one that is closing would wait for its client. */
  readonly #sockets = new Set<Connection>();
  /** Connections whose first bytes have not come. */
  readonly #unknown = new Set<Connection>();

  constructor(options: HttpVersionsOptions) {
    this.#options = options;
  }

  /** A server that hands the requests of both versions to `handler`, those of HTTP/2 in the shape of HTTP/1.1's. */
  createServer(handler: RequestListener): Server {
    const { http1, tls, keepAliveTimeoutMs } = this.#options;
    const http2Server = this.#createHttp2Server(handler);
    const server = tls
      ? createTlsServer({ ...http1, ...tls, ALPNProtocols: ['h2', 'http/1.1'] }, handler)
      : createServer(http1, handler);
    server.keepAliveTimeout = keepAliveTimeoutMs;
    const event = tls ? 'secureConnection' : 'connection';
    const [http1Listener] = server.listeners(event);
    const speakHttp1 = (socket: Connection): void => void http1Listener?.call(server, socket);
    const speakHttp2 = (socket: Connection): void => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      http2Server.emit('connection', socket);
    };
    server.removeAllListeners(event);
    server.on(event, (socket: Connection) => {
      if (!tls) this.#awaitPreface(server, socket, (isHttp2) => (isHttp2 ? speakHttp2 : speakHttp1)(socket));
      else if (socket.alpnProtocol === 'h2') speakHttp2(socket);
      else speakHttp1(socket);
    });
    return server;
  }

  /** Asks clients to take their next requests to another connection, which may be to another server: GOAWAY, `connection: close`. */
  turnAway(server: Server): void {
    for (const session of this.#sessions) session.close();
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
  }

  /** No more requests over HTTP/2: GOAWAY. Open ones go on. */
  end(): void {
    for (const session of this.#sessions) session.close();
    for (const socket of this.#unknown) socket.destroy();
  }

  /** Ends every connection of HTTP/2 at once. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #createHttp2Server(handler: RequestListener): Http2Server {
    const { streams, streamWindowBytes, connectionWindowBytes, headerBytes, idleMs } = this.#options.http2;
    const settings = {
      maxConcurrentStreams: streams,
      initialWindowSize: streamWindowBytes,
      maxHeaderListSize: headerBytes,
      enablePush: false,
    };
    // Node's requests of HTTP/2 have all that those of HTTP/1.1 have.
    const http2Server = createHttp2Server({ settings }, handler as never);
    http2Server.on('session', (session) => {
      this.#sessions.add(session);
      session.setLocalWindowSize(connectionWindowBytes);
      session.setTimeout(idleMs, () => session.close());
      session.on('close', () => this.#sessions.delete(session));
      // What a client breaks ends its connection; there is nobody else to tell.
      session.on('error', () => {});
    });
    return http2Server;
  }

  /** Only looks at the first bytes; whoever speaks the version reads them from the socket as if nobody had. */
  #awaitPreface(server: Server, socket: Connection, decide: (isHttp2: boolean) => void): void {
    let seen: Buffer | undefined;
    const look = (): void => {
      const bytes: Buffer | null = socket.read();
      if (bytes === null) return;
      seen = seen === undefined ? bytes : Buffer.concat([seen, bytes]);
      const length = Math.min(seen.length, preface.length);
      const isAlike = seen.compare(preface, 0, length, 0, length) === 0;
      if (isAlike && length < preface.length) return;
      leave();
      socket.unshift(seen);
      decide(isAlike);
    };
    const late = (): void => {
      leave();
      server.emit('clientError', Object.assign(new Error('no request'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
    };
    const end = (): void => void socket.destroy();
    const listeners = { readable: look, timeout: late, end, error: end, close: () => leave() };
    const leave = (): void => {
      this.#unknown.delete(socket);
      socket.setTimeout(0);
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
    };
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    this.#unknown.add(socket);
    socket.setTimeout(this.#options.http1.headersTimeout ?? 0);
  }
}
