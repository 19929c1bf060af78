/**
 * One call over grpc-js: bytes in and out, its end told once, as a StatusError where it failed.
 */
import { type ChannelInterface, Metadata as GrpcMetadata, type StatusObject } from '@grpc/grpc-js';
import { codeName, GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import { frameOf } from '../transcode/grpc-framing.ts';
import { cancelledBy, deadlineExceeded, replyTooLarge, requestTooLarge, unreachable } from './call-errors.ts';
import { joinedMetadata, pushbackOf } from './call-metadata.ts';
import type { CallHandler, RetryHint, TransportCall } from './calls.ts';
import { requestMessageOf } from './frames.ts';
import type { CallOptions, MessageLimits } from './transport.ts';

type Call = ReturnType<ChannelInterface['createCall']>;

/** One call, begun when it is made. */
export class GrpcJsCall implements TransportCall {
  readonly #call: Call;
  readonly #target: string;
  readonly #options: CallOptions;
  readonly #limits: MessageLimits;
  readonly #handler: CallHandler;
  #headers: Metadata | undefined;
  #isReading = false;
  #hasEnded = false;
  #onWritten: (() => void) | undefined;
  readonly #onAbort = (): void => this.fail(cancelledBy(this.#options.signal?.reason));

  /** Throws for metadata that cannot be sent. */
  constructor(
    channel: ChannelInterface,
    target: string,
    options: CallOptions,
    limits: MessageLimits,
    handler: CallHandler,
  ) {
    this.#target = target;
    this.#options = options;
    this.#limits = limits;
    this.#handler = handler;
    const metadata = toGrpc(options);
    const remainingMs = options.deadline - performance.now();
    this.#call = channel.createCall(options.path, Date.now() + remainingMs, null, null, null);
    this.#call.start(metadata, {
      onReceiveMetadata: (received) => {
        if (this.#hasEnded) return;
        this.#headers = fromGrpc(received);
        handler.onHeaders(this.#headers);
      },
      onReceiveMessage: (message: Buffer) => {
        this.#isReading = false;
        // A plain view, because Buffer's `slice` is not that of Uint8Array.
        if (this.#hasEnded) return;
        const bytes = new Uint8Array(message.buffer, message.byteOffset, message.length);
        handler.onMessage(options.frames === undefined ? bytes : frameOf(bytes));
      },
      onReceiveStatus: (status) => {
        if (status.code === GrpcCode.OK) this.#end(fromGrpc(status.metadata), undefined);
        else this.#end([], this.#errorOf(status), retryHintOf(status));
      },
    });
    if (options.signal?.aborted) queueMicrotask(this.#onAbort);
    else options.signal?.addEventListener('abort', this.#onAbort);
  }

  read(): void {
    if (this.#isReading || this.#hasEnded) return;
    this.#isReading = true;
    this.#call.startRead();
  }

  sendOnly(message: Uint8Array): void {
    const bytes = this.#sendable(message);
    if (bytes === undefined) return;
    this.#call.sendMessageWithContext({}, bytes);
    this.#call.halfClose();
  }

  sendAll(messages: AsyncIterable<Uint8Array>): void {
    void this.#pump(messages);
  }

  async #pump(messages: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const message of messages) {
        const bytes = this.#sendable(message);
        if (bytes === undefined) return;
        await this.#write(bytes);
      }
      if (!this.#hasEnded) this.#call.halfClose();
    } catch (error) {
      this.fail(StatusError.from(error));
    }
  }

  fail(error: StatusError): void {
    if (this.#hasEnded) return;
    this.#end([], error);
    this.#call.cancelWithStatus(GrpcCode.CANCELLED, '');
  }

  /** Undefined when the call has ended, perhaps of this message. */
  #sendable(given: Uint8Array): Buffer | undefined {
    const { frames } = this.#options;
    const { maxRequestBytes } = this.#limits;
    try {
      const message = frames === undefined ? given : requestMessageOf(given, frames);
      if (message.length > maxRequestBytes) throw requestTooLarge(message.length, maxRequestBytes);
      if (!this.#hasEnded) return Buffer.from(message.buffer, message.byteOffset, message.length);
    } catch (error) {
      this.fail(StatusError.from(error));
    }
    return undefined;
  }

  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#onWritten = resolve;
      this.#call.sendMessageWithContext({ callback: () => resolve() }, bytes);
    });
  }

  #end(trailers: Metadata, error: StatusError | undefined, retry?: RetryHint): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#onWritten?.();
    this.#handler.onEnd({ headers: this.#headers ?? [], trailers, error, retry });
  }

  #errorOf({ code, details, metadata }: StatusObject): StatusError {
    const trailers = fromGrpc(metadata);
    // A status that the upstream did not send: a server's has headers or trailers, grpc-js's own has neither.
    const isLocal = this.#headers === undefined && Object.keys(metadata.toJSON()).length === 0;
    const cause = isLocal ? new Error(details) : undefined;
    // Its clock may be a little ahead of ours.
    if (code === GrpcCode.DEADLINE_EXCEEDED && (isLocal || performance.now() >= this.#options.deadline - 1)) {
      return deadlineExceeded(cause);
    }
    if (isLocal && code === GrpcCode.UNAVAILABLE) {
      return unreachable(this.#target, /\b(?:[a-z]+ )?E[A-Z]{3,}\b/.exec(details)?.[0], cause);
    }
    // grpc-js tells its own limit from the upstream's RESOURCE_EXHAUSTED by the text alone.
    if (code === GrpcCode.RESOURCE_EXHAUSTED && /^Received message (larger than max|that decompresses)/.test(details)) {
      return replyTooLarge(this.#limits.maxReplyBytes, new Error(details));
    }
    const statusDetails = metadata.get('grpc-status-details-bin')[0];
    return new StatusError(codeName(code) === 'UNKNOWN' ? GrpcCode.UNKNOWN : code, details, {
      cause,
      trailers,
      metadata: this.#headers ?? [],
      ...(statusDetails instanceof Buffer && { statusDetails: new Uint8Array(statusDetails) }),
    });
  }
}

function toGrpc({ metadata, previousAttempts }: CallOptions): GrpcMetadata {
  const result = new GrpcMetadata();
  for (const [name, value] of joinedMetadata(metadata, previousAttempts)) {
    if (!name.endsWith('-bin')) result.set(name, value);
    else for (const part of value.split(',')) result.add(name, Buffer.from(part, 'base64'));
  }
  return result;
}

function retryHintOf({ metadata }: StatusObject): RetryHint | undefined {
  const [pushback] = metadata.get('grpc-retry-pushback-ms');
  return pushback === undefined ? undefined : pushbackOf(String(pushback));
}

/** What the upstream's own code put there: without the protocol's headers. */
function fromGrpc(metadata: GrpcMetadata): Metadata {
  const result: [string, string][] = [];
  for (const [name, values] of Object.entries(metadata.toJSON())) {
    if (name.startsWith('grpc-') || name === 'content-type') continue;
    for (const value of values) result.push([name, typeof value === 'string' ? value : value.toString('base64')]);
  }
  return result;
}
