/**
 * The answer of a gRPC call on its HTTP/2 stream: headers, frames as fast as the client takes them, trailers. A failure before the headers is
 * "Trailers-Only": one header block.
 */
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { PassedReplies } from '../../gateway/passed-call.ts';
import { requestIdHeader } from '../../gateway/request-id.ts';
import type { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import { trailersOf } from '../../transcode/grpc-status.ts';
import { grpcHeadersOf } from '../../transcode/metadata.ts';
import type { UnaryReply } from '../../upstream/transport.ts';

const head = { ':status': 200, 'content-type': 'application/grpc' } as const;

export class GrpcReply {
  readonly #stream: ServerHttp2Stream;
  readonly #head: OutgoingHttpHeaders;

  /** `requestId` is told to the client. */
  constructor(stream: ServerHttp2Stream, requestId: string | undefined) {
    this.#stream = stream;
    this.#head = requestId === undefined ? head : { ...head, [requestIdHeader]: requestId };
    // A client that goes is told by `aborted` and `close`; what its stream broke of is nobody's news.
    stream.on('error', () => {});
    // Node's response in the shape of HTTP/1.1, which Fastify was given, would send trailers of its own.
    stream.removeAllListeners('wantTrailers');
  }

  unary({ message, headers, trailers }: UnaryReply): void {
    if (!this.#begin(headers)) return;
    this.#stream.write(message);
    this.#end(trailersOf(undefined, trailers));
  }

  /** Resolves when all of it is written; rejects with what failed the call. */
  async stream(replies: PassedReplies): Promise<void> {
    if (!this.#begin(replies.headers)) return;
    for (let batch = await replies.next(); !batch.done; batch = await replies.next()) {
      const frames = batch.value;
      const bytes = frames.length === 1 ? frames[0] : Buffer.concat(frames);
      if (!this.#stream.write(bytes)) await drained(this.#stream);
    }
    this.#end(trailersOf(undefined, await replies.trailers));
  }

  fail(error: StatusError): void {
    const trailers = trailersOf(error, []);
    if (this.#stream.headersSent || error.metadata.length > 0) {
      if (this.#stream.headersSent || this.#begin(error.metadata)) this.#end(trailers);
    } else if (this.#isOpen) {
      this.#stream.respond({ ...this.#head, ...grpcHeadersOf(trailers) }, { endStream: true });
      this.#leaveRequest();
    }
  }

  get #isOpen(): boolean {
    return !this.#stream.closed && !this.#stream.destroyed;
  }

  /** False when the client has gone. */
  #begin(headers: Metadata): boolean {
    if (this.#isOpen) this.#stream.respond({ ...this.#head, ...grpcHeadersOf(headers) }, { waitForTrailers: true });
    return this.#isOpen;
  }

  #end(trailers: Metadata): void {
    if (!this.#isOpen) return;
    this.#stream.once('wantTrailers', () => {
      this.#stream.sendTrailers(grpcHeadersOf(trailers));
      this.#leaveRequest();
    });
    this.#stream.end();
  }

  /** What is left of the request need not come (RFC 9113, 8.1); that it need not is said behind the end of the answer. */
  #leaveRequest(): void {
    if (this.#stream.readableEnded) return;
    setImmediate(() => {
      if (this.#isOpen && !this.#stream.readableEnded) this.#stream.close();
    });
  }
}

/** Resolves when the stream takes more, or never will. */
function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
