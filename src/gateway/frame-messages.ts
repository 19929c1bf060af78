/**
 * A reply stream to the pieces of an HTTP body. Batch in, piece out: what arrived together leaves together.
 */
import type { StatusError } from '../status/status-error.ts';
import type { HttpStreamReply, Metadata } from '../transcode/exchange.ts';
import { UNKNOWN_TYPE } from '../transcode/http-body.ts';
import { headersOf } from '../transcode/metadata.ts';
import type { MetadataOptions } from '../transcode/options.ts';
import type { ErrorRenderer } from '../transcode/render-error.ts';
import type { ReplyRenderer } from '../transcode/render-reply.ts';
import type { StreamFraming } from '../transcode/stream-framing.ts';
import type { ReplyStream } from '../upstream/transport.ts';
import type { IdleTimer } from './idle-timer.ts';

/** How one reply's messages become bytes. */
export interface MessageFramer {
  readonly heartbeat: Uint8Array | undefined;
  /** Messages stay pieces of their own. */
  readonly isApart?: boolean;
  /** Known before the first message, but for raw bytes: there the first message says. */
  contentTypeOf(first: Uint8Array | undefined): string;
  message(message: Uint8Array, index: number): readonly Uint8Array[];
  /** The end of the body, or undefined when an error cannot be told in it. */
  end(count: number, error: StatusError | undefined): Uint8Array | undefined;
}

export function textFramer(framing: StreamFraming, { json }: ReplyRenderer, errors: ErrorRenderer): MessageFramer {
  return {
    heartbeat: framing.heartbeat,
    contentTypeOf: () => framing.contentType,
    message: (message, index) => framing.message(json(message), index),
    end: (count, error) => framing.end(count, error && errors.statusOf(error)),
  };
}

/** HttpBody chunks untouched, with the content type of the first. */
export function rawFramer({ render }: ReplyRenderer): MessageFramer {
  return {
    heartbeat: undefined,
    contentTypeOf: (first) => (first === undefined ? UNKNOWN_TYPE : render(first).contentType),
    message: (message) => [render(message).body],
    end: (_count, error) => (error === undefined ? new Uint8Array() : undefined),
  };
}

/** A piece a message, as a WebSocket sends them; it has its own way to tell how the stream ended. */
export function frameFramer(write: (message: Uint8Array) => Uint8Array): MessageFramer {
  return {
    heartbeat: undefined,
    isApart: true,
    contentTypeOf: () => UNKNOWN_TYPE,
    message: (message) => [write(message)],
    end: (_count, error) => (error === undefined ? new Uint8Array() : undefined),
  };
}

export interface FramingContext {
  readonly metadata: MetadataOptions;
  readonly idle: IdleTimer;
  /** What is told of a failure in mid-stream. */
  readonly errorOf: (cause: unknown) => StatusError;
}

/** Resolves with the first batch or the end; rejects with the error that came before any message. */
export async function frameMessages(
  stream: ReplyStream,
  framer: MessageFramer,
  { metadata: options, idle, errorOf }: FramingContext,
): Promise<HttpStreamReply> {
  const iterator = watched(stream[Symbol.asyncIterator](), idle);
  const { first, metadata, contentType } = await headOf(stream, iterator, framer);
  let failure: StatusError | undefined;
  const fail = (cause: unknown): StatusError => {
    failure = errorOf(cause);
    return failure;
  };
  return {
    status: 200,
    headers: [['content-type', contentType], ...headersOf(metadata, options)],
    chunks: pieces(iterator, first, framer, fail),
    heartbeat: framer.heartbeat,
    failure: () => failure,
  };
}

interface StreamHead {
  readonly first: Batch;
  readonly metadata: Metadata;
  readonly contentType: string;
}

/** What must be there before the status is sent. When it cannot be had, the call is left. */
async function headOf(stream: ReplyStream, iterator: Batches, framer: MessageFramer): Promise<StreamHead> {
  const first = await iterator.next();
  try {
    const contentType = framer.contentTypeOf(first.done ? undefined : first.value[0]);
    return { first, metadata: await stream.headers, contentType };
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
}

type Batch = IteratorResult<readonly Uint8Array[]>;
type Batches = AsyncIterator<readonly Uint8Array[]>;

function watched(batches: Batches, idle: IdleTimer): Batches {
  return { next: () => idle.waitFor(batches.next()), return: async () => (await batches.return?.()) ?? ended };
}

const ended: Batch = { done: true, value: undefined };

async function* pieces(
  iterator: Batches,
  first: Batch,
  framer: MessageFramer,
  fail: (cause: unknown) => StatusError,
): AsyncGenerator<Uint8Array, void> {
  let count = 0;
  let failure: StatusError | undefined;
  try {
    for (let batch = first; !batch.done; batch = await iterator.next()) {
      const parts: Uint8Array[] = [];
      try {
        for (const message of batch.value) {
          parts.push(...framer.message(message, count));
          count++;
        }
      } finally {
        // Messages before one that cannot be rendered are sent all the same.
        if (framer.isApart) yield* parts;
        else if (parts.length > 0) yield Buffer.concat(parts);
      }
    }
  } catch (error) {
    failure = fail(error);
  } finally {
    // Also when the reader leaves early: the upstream call is cancelled then.
    await iterator.return?.();
  }
  const end = framer.end(count, failure);
  if (end === undefined) throw failure;
  if (end.length > 0) yield end;
}
