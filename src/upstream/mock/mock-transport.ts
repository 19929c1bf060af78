/**
 * @module An upstream that is none: it answers every method of a schema with made-up replies, so that an API can be tried before its server
 * exists. Metadata of the request ask for errors, delays and longer streams.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Codec } from '../../codec/codec.ts';
import { CodecError } from '../../codec/codec-error.ts';
import type { MethodDescriptor } from '../../schema/descriptors.ts';
import { GrpcCode, type GrpcCodeName } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import { withFrames } from '../frames.ts';
import { replyQueueOf } from '../reply-queue.ts';
import type { CallOptions, ReplyStream, Transport, UnaryReply } from '../transport.ts';
import { type JsonObject, mockReply } from './mock-message.ts';

type Messages = Uint8Array | AsyncIterable<Uint8Array>;

/** Metadata by which a client directs its call. */
const mockHeaders = {
  /** Name of the code to fail with: `NOT_FOUND`. */
  code: 'x-mock-code',
  /** The error's message. */
  message: 'x-mock-message',
  /** Milliseconds before the first reply. */
  delay: 'x-mock-delay-ms',
  /** Replies of a stream; 3 by default. The error, when one is asked for, comes behind them. */
  replies: 'x-mock-replies',
} as const;

const DEFAULT_REPLIES = 3;
const MAX_REPLIES = 1_000_000;
const MAX_DELAY_MS = 300_000;

interface Script {
  readonly error: StatusError | undefined;
  readonly delayMs: number;
  /** Undefined when the client does not say. */
  readonly replies: number | undefined;
}

/** Replies to the methods of the codec's schema. Its calls end by their deadline and signal as others do. */
export function createMockTransport(codec: Codec): Transport {
  const methods = new Map([...codec.schema.methods.values()].map((method) => [method.path, method]));
  const methodOf = ({ path }: CallOptions): MethodDescriptor => {
    const method = methods.get(path);
    if (method === undefined) throw new StatusError(GrpcCode.UNIMPLEMENTED, `the mock knows no method ${path}`);
    return method;
  };
  const replyTo = (method: MethodDescriptor, request: Uint8Array | undefined, index: number): Uint8Array => {
    const reply = mockReply(method, jsonOf(method, request ?? new Uint8Array()), codec.schema, index);
    return codec.messageReader(method.output)(Buffer.from(JSON.stringify(reply)));
  };
  const jsonOf = (method: MethodDescriptor, request: Uint8Array): JsonObject => {
    try {
      return JSON.parse(Buffer.from(codec.messageWriter(method.input)(request)).toString());
    } catch (error) {
      // Protobuf can hold what JSON cannot, such as an Any of an unknown type: then the request has no say in the reply.
      if (error instanceof CodecError) return {};
      throw error;
    }
  };
  return withFrames({
    target: 'mock',
    state: 'ready',
    async unary(options, messages): Promise<UnaryReply> {
      const method = methodOf(options);
      const { error, delayMs } = scriptOf(options.metadata);
      const request = await bounded(options, () => lastOf(messages));
      await bounded(options, (over) => pause(delayMs, over));
      if (error !== undefined) throw error;
      return { message: replyTo(method, request, 0), headers: [], trailers: [] };
    },
    stream(options, messages): ReplyStream {
      return replyQueueOf(replies(options, messages));
    },
    connect() {},
    ready: () => Promise.resolve(),
    onStateChange: () => () => {},
    close: () => Promise.resolve(),
  });

  /** One reply to each request of a stream, or several to one request. */
  async function* replies(options: CallOptions, messages: Messages): AsyncGenerator<Uint8Array, void> {
    const method = methodOf(options);
    const { error, delayMs, replies: wanted } = scriptOf(options.metadata);
    await bounded(options, (over) => pause(delayMs, over));
    let index = 0;
    if (messages instanceof Uint8Array) {
      for (; index < (wanted ?? DEFAULT_REPLIES); index++) yield replyTo(method, messages, index);
    } else {
      const requests = messages[Symbol.asyncIterator]();
      while (index < (wanted ?? MAX_REPLIES)) {
        const request = await bounded(options, () => requests.next());
        if (request.done) break;
        yield replyTo(method, request.value, index++);
      }
      await requests.return?.();
    }
    if (error !== undefined) throw error;
  }
}

async function lastOf(messages: Messages): Promise<Uint8Array | undefined> {
  if (messages instanceof Uint8Array) return messages;
  let last: Uint8Array | undefined;
  for await (const message of messages) last = message;
  return last;
}

/** Throws INVALID_ARGUMENT for a value that says nothing. */
function scriptOf(metadata: Metadata): Script {
  const values = new Map(metadata);
  const code = values.get(mockHeaders.code);
  if (code !== undefined && !Object.hasOwn(GrpcCode, code)) {
    throw StatusError.invalidField(mockHeaders.code, `no gRPC code is called ${code}; write one such as NOT_FOUND`);
  }
  const message = values.get(mockHeaders.message) ?? 'as the request asked';
  return {
    error: code === undefined || code === 'OK' ? undefined : new StatusError(GrpcCode[code as GrpcCodeName], message),
    delayMs: countOf(values.get(mockHeaders.delay), mockHeaders.delay, MAX_DELAY_MS) ?? 0,
    replies: countOf(values.get(mockHeaders.replies), mockHeaders.replies, MAX_REPLIES),
  };
}

function countOf(value: string | undefined, name: string, max: number): number | undefined {
  if (value === undefined) return undefined;
  const count = Number(value);
  if (/^\d+$/.test(value) && count <= max) return count;
  throw StatusError.invalidField(name, `expected a whole number up to ${max}; got ${value}`);
}

/** What `work` gives, unless the call ends before by its deadline or its signal; what `work` is given aborts when it is over, however. */
async function bounded<T>({ deadline, signal }: CallOptions, work: (over: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    over.signal.addEventListener('abort', () => reject(over.signal.reason));
  });
  const cancel = (): void =>
    over.abort(signal?.reason ?? new StatusError(GrpcCode.CANCELLED, 'the call was cancelled'));
  const late = new StatusError(GrpcCode.DEADLINE_EXCEEDED, 'the deadline passed before the mock answered');
  const timer = setTimeout(() => over.abort(late), Math.max(0, deadline - performance.now()));
  signal?.addEventListener('abort', cancel);
  if (signal?.aborted) cancel();
  try {
    return await Promise.race([work(over.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
    over.abort();
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return delayMs === 0 ? Promise.resolve() : sleep(delayMs, undefined, { signal });
}
