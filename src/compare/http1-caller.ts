/** Prepared requests over one connection of HTTP/1.1, one at a time. */
import { Agent, type IncomingMessage, request as sendHttp } from 'node:http';
import { type AgentOptions, request as sendHttps, Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Metadata } from '../transcode/exchange.ts';
import type { CallTls, HttpAnswer, Performed, Piece, PreparedHttp } from './prepared-call.ts';
import { SocketTap } from './socket-tap.ts';

export interface CallerOptions {
  /** Keep what passes the wire, or only count it. */
  readonly isKeeping: boolean;
  /** Certificate authorities to trust, PEM. */
  readonly ca?: string | undefined;
}

export class Http1Caller {
  readonly #agent: Agent;
  readonly #options: CallerOptions;
  #tap: SocketTap | undefined;

  constructor({ origin, tls }: Pick<PreparedHttp, 'origin' | 'tls'>, options: CallerOptions) {
    this.#options = options;
    const settings = { keepAlive: true, maxSockets: 1 };
    this.#agent = origin.startsWith('https:')
      ? new TlsAgent({ ...settings, ...tlsOf(tls, options) })
      : new Agent(settings);
  }

  get sentBytes(): number {
    return this.#tap?.sentBytes ?? 0;
  }

  get receivedBytes(): number {
    return this.#tap?.receivedBytes ?? 0;
  }

  /** Rejects when there is no whole answer. */
  async call({ protocol, origin, method, target, headers, body }: PreparedHttp): Promise<Performed> {
    const startMs = performance.now();
    let connectMs = 0;
    const send = origin.startsWith('https:') ? sendHttps : sendHttp;
    const fields = Object.fromEntries([
      ...headers,
      ...(body.length > 0 ? [['content-length', String(body.length)]] : []),
    ]);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = send(`${origin}${target}`, { method, headers: fields, agent: this.#agent }, resolve);
      request.once('error', reject);
      request.once('socket', (socket: Socket) => {
        if (!socket.connecting) return;
        this.#tap = new SocketTap(socket, this.#options.isKeeping);
        socket.once(origin.startsWith('https:') ? 'secureConnect' : 'connect', () => {
          connectMs = performance.now() - startMs;
        });
      });
      request.end(body);
    });
    const firstByteMs = performance.now() - startMs;
    const before = this.#tap?.before ?? { sent: new Uint8Array(), received: new Uint8Array() };
    const pieces: Piece[] = [];
    for await (const bytes of answer) pieces.push({ atMs: performance.now(), bytes });
    const totalMs = performance.now() - startMs;
    const { sent, received } = this.#tap?.take() ?? { sent: [], received: [] };
    const reply = replyOf(answer, pieces);
    return { protocol, startMs, connectMs, firstByteMs, totalMs, sent, received, before, reply };
  }

  close(): void {
    this.#agent.destroy();
  }
}

function tlsOf({ ca, serverName, isPinned }: CallTls = {}, options: CallerOptions): AgentOptions {
  return {
    ca: ca ?? options.ca,
    ...(serverName !== undefined && { servername: serverName }),
    ...(isPinned && { allowPartialTrustChain: true }),
  };
}

function replyOf({ statusCode = 0, rawHeaders, rawTrailers }: IncomingMessage, pieces: readonly Piece[]): HttpAnswer {
  return { kind: 'http', status: statusCode, headers: pairs(rawHeaders), trailers: pairs(rawTrailers), pieces };
}

function pairs(raw: readonly string[]): Metadata {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    (raw[index * 2] as string).toLowerCase(),
    raw[index * 2 + 1] as string,
  ]);
}
