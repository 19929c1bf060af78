/** Prepared gRPC calls over one connection of HTTP/2. */
import { Readable } from 'node:stream';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import { createHttp2Transport } from '../upstream/http2-transport.ts';
import { parseTarget } from '../upstream/target.ts';
import type { CallOptions, Transport } from '../upstream/transport.ts';
import type { CallerOptions } from './http1-caller.ts';
import type { GrpcAnswer, Performed, Piece, PreparedGrpc } from './prepared-call.ts';
import { SocketTap } from './socket-tap.ts';

/** No call of a comparison takes longer. */
const CALL_TIMEOUT_MS = 30_000;
/** Nor any attempt to connect. */
const CONNECT_TIMEOUT_MS = 5_000;

export class GrpcCaller {
  readonly #transport: Transport;
  #tap: SocketTap | undefined;
  #isReady = false;

  constructor({ target, tls }: Pick<PreparedGrpc, 'target' | 'tls'>, { isKeeping, ca }: CallerOptions) {
    this.#transport = createHttp2Transport(parseTarget(target), {
      maxConnections: 1,
      ...((tls || ca) && { tls: { ...(ca && { ca }), ...tls } }),
      onSocket: (socket) => {
        this.#tap = new SocketTap(socket, isKeeping);
      },
    });
  }

  get sentBytes(): number {
    return this.#tap?.sentBytes ?? 0;
  }

  get receivedBytes(): number {
    return this.#tap?.receivedBytes ?? 0;
  }

  /** A call that fails has its status in the answer. Rejects when there is no connection. */
  async call({ protocol, path, metadata, isServerStreaming, ...request }: PreparedGrpc): Promise<Performed> {
    const startMs = performance.now();
    if (!this.#isReady) await this.#transport.ready(AbortSignal.timeout(CONNECT_TIMEOUT_MS));
    const connectMs = this.#isReady ? 0 : performance.now() - startMs;
    this.#isReady = true;
    const options: CallOptions = { path, metadata, deadline: performance.now() + CALL_TIMEOUT_MS };
    const { reply, firstByteMs } = await this.#answer(options, requestMessages(request), isServerStreaming, startMs);
    const totalMs = performance.now() - startMs;
    const before = this.#tap?.before ?? { sent: new Uint8Array(), received: new Uint8Array() };
    // What the transport sends behind a call, such as a window's update, belongs to it.
    await new Promise(setImmediate);
    const { sent, received } = this.#tap?.take() ?? { sent: [], received: [] };
    return { protocol, startMs, connectMs, firstByteMs, totalMs, sent, received, before, reply };
  }

  async close(): Promise<void> {
    await this.#transport.close(AbortSignal.abort());
  }

  async #answer(
    options: CallOptions,
    messages: Uint8Array | AsyncIterable<Uint8Array>,
    isStream: boolean,
    startMs: number,
  ): Promise<{ readonly reply: GrpcAnswer; readonly firstByteMs: number }> {
    const replies: Piece[] = [];
    let headers: Metadata = [];
    let firstByteMs: number | undefined;
    try {
      let trailers: Metadata;
      if (isStream) {
        const stream = this.#transport.stream(options, messages);
        headers = await stream.headers;
        firstByteMs = performance.now() - startMs;
        for await (const batch of stream) {
          for (const bytes of batch) replies.push({ atMs: performance.now(), bytes });
        }
        trailers = await stream.trailers;
      } else {
        const reply = await this.#transport.unary(options, messages);
        replies.push({ atMs: performance.now(), bytes: reply.message });
        ({ headers, trailers } = reply);
      }
      const ok = { code: GrpcCode.OK, message: '', details: undefined };
      firstByteMs ??= performance.now() - startMs;
      return { reply: { kind: 'grpc', ...ok, headers, trailers, messages: replies }, firstByteMs };
    } catch (cause) {
      const { code, message: text, statusDetails, metadata, trailers } = StatusError.from(cause);
      const reply: GrpcAnswer = {
        kind: 'grpc',
        code,
        message: text,
        details: statusDetails,
        headers: headers.length > 0 ? headers : metadata,
        trailers,
        messages: replies,
      };
      return { reply, firstByteMs: firstByteMs ?? performance.now() - startMs };
    }
  }
}

/** As a transport takes them. */
export function requestMessages({
  messages,
  isClientStreaming,
}: Pick<PreparedGrpc, 'messages' | 'isClientStreaming'>): Uint8Array | AsyncIterable<Uint8Array> {
  return isClientStreaming ? Readable.from(messages) : (messages[0] ?? new Uint8Array());
}
