/**
 * One gRPC call as an HTTP/2 stream: its request, its reply, its end.
 */
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import { frameHeadBytes } from '../../transcode/grpc-framing.ts';
import { cancelledBy, deadlineExceeded, requestTooLarge } from '../call-errors.ts';
import { joinedMetadata, pushbackOf } from '../call-metadata.ts';
import type { CallHandler, RetryHint, TransportCall } from '../calls.ts';
import type { RequestMessages } from '../request-messages.ts';
import type { CallOptions, CancelSignal, MessageLimits } from '../transport.ts';
import type { Connection } from './connection.ts';
import type { HeaderList } from './hpack-decoder.ts';
import type { RequestHeaders } from './hpack-encoder.ts';
import { MessageReader } from './message-reader.ts';
import { ErrorCode } from './protocol.ts';
import { endError, httpError, type ReplyHead, readHead, resetError } from './reply-head.ts';
import type { OutgoingMessage, Stream } from './stream.ts';

/** Who brings calls to connections. */
export interface CallHost {
  readonly target: string;
  readonly limits: MessageLimits;
  /** Calls `connectTo` as soon as a connection can take the call, or `refuse` when there is none. */
  submit(call: Http2Call): void;
  /** The call has ended without a connection. */
  withdraw(call: Http2Call): void;
}

// Timers of Node hold no more; nothing waits as long.
const maxTimerMs = 2 ** 31 - 1;
// Of a stream that was refused, and of one that GOAWAY left out, so many tries more.
const maxRefused = 1;
const maxUnprocessed = 3;

export class Http2Call implements TransportCall, Stream {
  streamId = 0;
  sendWindow = 0;
  receiveWindow = 0;
  unreleased = 0;
  outgoing: OutgoingMessage | undefined;
  readonly requestHeaders: RequestHeaders;
  readonly #host: CallHost;
  readonly #signal: CancelSignal | undefined;
  readonly #handler: CallHandler;
  readonly #reader: MessageReader;
  readonly #timer: NodeJS.Timeout;
  readonly #hasFrames: boolean;
  #connection: Connection | undefined;
  #openedAt = 0;
  #messages: RequestMessages | undefined;
  #isRequestSent = false;
  #headers: Metadata | undefined;
  /** Bytes of messages that were given since the last `read`. */
  #unread = 0;
  #refused = 0;
  #unprocessed = 0;
  #hasEnded = false;
  #onSent: (() => void) | undefined;
  readonly #onAbort = (): void => this.fail(cancelledBy(this.#signal?.reason));

  /** Throws for metadata that cannot be sent. */
  constructor(host: CallHost, options: CallOptions, handler: CallHandler) {
    const { path, metadata, deadline, signal, previousAttempts, frames } = options;
    const timeoutMs = Math.min(Math.ceil(deadline - performance.now()), maxTimerMs);
    this.requestHeaders = {
      path,
      timeout: timeoutText(timeoutMs),
      metadata: joinedMetadata(metadata, previousAttempts),
      coding: frames,
    };
    this.#hasFrames = frames !== undefined;
    this.#host = host;
    this.#handler = handler;
    this.#reader = new MessageReader(
      host.limits.maxReplyBytes,
      (message) => {
        this.#unread += message.length;
        handler.onMessage(message);
      },
      this.#hasFrames,
    );
    this.#signal = signal;
    this.#timer = setTimeout(() => this.#onDeadline(), timeoutMs);
    if (timeoutMs <= 0) queueMicrotask(() => this.fail(deadlineExceeded()));
    else if (signal?.aborted) queueMicrotask(this.#onAbort);
    else signal?.addEventListener('abort', this.#onAbort);
  }

  sendOnly(message: Uint8Array): void {
    if (!this.#isSendable(message)) return;
    this.outgoing = this.#outgoing(message, true);
    this.#host.submit(this);
  }

  sendAll(messages: RequestMessages): void {
    this.#messages = messages;
    this.#host.submit(this);
  }

  read(): void {
    this.#unread = 0;
    if (!this.#hasEnded) this.#connection?.release(this, 0);
  }

  fail(error: StatusError): void {
    const connection = this.#connection;
    if (!this.#end([], error)) return;
    connection?.forget(this, ErrorCode.CANCEL);
  }

  /** No connection takes the call. */
  refuse(error: StatusError, retry: RetryHint): void {
    this.#end([], error, retry);
  }

  /** Opens the call on a connection that can take it. */
  connectTo(connection: Connection): void {
    this.#connection = connection;
    this.#openedAt = performance.now();
    connection.open(this);
  }

  onOpened(): void {
    const connection = this.#connection;
    if (this.#messages !== undefined) void this.#pump(this.#messages, connection);
    else connection?.send(this);
  }

  onSent(): void {
    if (this.outgoing?.isLast) this.#isRequestSent = true;
    else this.outgoing = undefined;
    this.#onSent?.();
  }

  onHeaders(list: HeaderList | undefined, isEnd: boolean): void {
    if (list === undefined) this.fail(tooManyHeaders());
    else if (this.#headers === undefined) this.#onReplyHead(readHead(list), isEnd);
    else if (isEnd) this.#finish(readHead(list));
    else this.fail(malformed('headers in the middle of its messages'));
  }

  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void {
    try {
      if (this.#headers === undefined) throw malformed('a message before its headers');
      this.#reader.push(bytes, start, end);
    } catch (error) {
      this.fail(StatusError.from(error));
    }
    if (this.#hasEnded) return;
    // The rest of a message must come, however large it is; only whole ones that nobody has read hold the upstream back.
    this.#connection?.release(this, this.#unread);
    if (isEnd) this.#endEarly(endedBadly('without gRPC status'), true);
  }

  onReset(code: number): void {
    if (code === ErrorCode.REFUSED_STREAM && this.#refused < maxRefused && this.#resubmit()) this.#refused++;
    else this.#end([], resetError(code), code === ErrorCode.REFUSED_STREAM ? this.#unseen : undefined);
  }

  onUnprocessed(): void {
    if (this.#unprocessed < maxUnprocessed && this.#resubmit()) this.#unprocessed++;
    else this.#end([], new StatusError(GrpcCode.UNAVAILABLE, 'the upstream is shutting down'), this.#unseen);
  }

  onLost(reason: Error): void {
    const message = `upstream ${this.#host.target}: connection lost`;
    this.#end([], new StatusError(GrpcCode.UNAVAILABLE, message, { cause: reason }));
  }

  #onDeadline(): void {
    this.#connection?.doubt(this.#openedAt);
    this.fail(deadlineExceeded());
  }

  #onReplyHead(head: ReplyHead, isEnd: boolean): void {
    const { httpStatus = 0, contentType, code, encoding, metadata } = head;
    if (!(httpStatus >= 100)) this.fail(malformed('headers without a status'));
    // Informational; the reply's own headers are still to come.
    else if (httpStatus < 200 && !isEnd) return;
    else if (httpStatus !== 200 && code === undefined) this.#endEarly(httpError(httpStatus), isEnd);
    else if (isEnd) this.#finish(head);
    else if (!contentType.startsWith('application/grpc')) {
      this.fail(new StatusError(GrpcCode.UNKNOWN, `the upstream answered with the content type "${contentType}"`));
    } else {
      this.#reader.encoding = encoding;
      this.#headers = this.#hasFrames ? withCoding(head) : metadata;
      this.#messages?.settle();
      this.#handler.onHeaders(this.#headers);
    }
  }

  // Of a stream of messages not all may be there any more.
  get #unseen(): RetryHint | undefined {
    return this.#messages === undefined || this.#messages.canSendAgain ? 'unseen' : undefined;
  }

  // Only what has not been answered and can be sent again.
  #resubmit(): boolean {
    if (this.#hasEnded || this.#headers !== undefined || this.#unseen === undefined) return false;
    this.#connection = undefined;
    this.#isRequestSent = false;
    if (this.#messages !== undefined) this.onSent();
    else if (this.outgoing !== undefined) this.outgoing.sent = 0;
    this.#host.submit(this);
    return true;
  }

  /** Sends the messages from the first one on, for as long as the call is on this connection. */
  async #pump(messages: RequestMessages, connection: Connection | undefined): Promise<void> {
    try {
      for await (const message of messages) {
        if (this.#connection !== connection || !this.#isSendable(message)) return;
        this.outgoing = this.#outgoing(message, false);
        await new Promise<void>((resolve) => {
          this.#onSent = resolve;
          connection?.send(this);
        });
      }
      if (this.#connection !== connection) return;
      this.#isRequestSent = true;
      connection?.endRequest(this);
    } catch (error) {
      this.fail(StatusError.from(error));
    }
  }

  #outgoing(message: Uint8Array, isLast: boolean): OutgoingMessage {
    if (!this.#hasFrames) return { message, flag: 0, sent: 0, isLast };
    return { message: message.subarray(frameHeadBytes), flag: message[0] ?? 0, sent: 0, isLast };
  }

  #isSendable(message: Uint8Array): boolean {
    const { maxRequestBytes } = this.#host.limits;
    if (message.length > maxRequestBytes) this.fail(requestTooLarge(message.length, maxRequestBytes));
    return !this.#hasEnded;
  }

  #finish(head: ReplyHead): void {
    let error = endError(head, this.#headers ?? []);
    if (error === undefined && this.#reader.isInside) error = endedBadly('inside a message');
    this.#forget();
    this.#end(head.metadata, error, head.pushback === undefined ? undefined : pushbackOf(head.pushback));
  }

  #endEarly(error: StatusError, isEnd: boolean): void {
    if (!isEnd) this.fail(error);
    else {
      this.#forget();
      this.#end([], error);
    }
  }

  // The upstream has ended: it need not wait for the rest of the request.
  #forget(): void {
    this.#connection?.forget(this, this.#isRequestSent ? undefined : ErrorCode.NO_ERROR);
  }

  #end(trailers: Metadata, error: StatusError | undefined, retry?: RetryHint): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    if (this.#connection === undefined) this.#host.withdraw(this);
    this.#connection = undefined;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onSent?.();
    this.#handler.onEnd({ headers: this.#headers ?? [], trailers, error, retry });
    return true;
  }
}

/** Where frames pass as they are, whoever reads them has to know how they are compressed. */
function withCoding({ metadata, encoding, acceptEncoding }: ReplyHead): Metadata {
  const coding: (readonly [string, string])[] = [['grpc-encoding', encoding]];
  if (acceptEncoding !== undefined) coding.push(['grpc-accept-encoding', acceptEncoding]);
  return [...metadata, ...coding];
}

/** `grpc-timeout`: at most eight digits and a unit. */
function timeoutText(ms: number): string {
  return ms < 1e8 ? `${Math.max(1, ms)}m` : `${Math.ceil(ms / 1000)}S`;
}

function tooManyHeaders(): StatusError {
  const message = 'the upstream sent more metadata than is read';
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { httpStatus: 502 });
}

function endedBadly(how: string): StatusError {
  return new StatusError(GrpcCode.INTERNAL, `the upstream ended the call ${how}`);
}

function malformed(what: string): StatusError {
  return new StatusError(GrpcCode.INTERNAL, `the upstream answered with ${what}`);
}
