/**
 * Calls in frames over what only knows messages: what the client compressed is decompressed, what it gets is not compressed.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { type FrameFault, frameOf, messageOf } from '../transcode/grpc-framing.ts';
import type { FrameCoding, ReplyStream, Transport } from './transport.ts';

type Calls = Pick<Transport, 'unary' | 'stream'>;
type Messages = Uint8Array | AsyncIterable<Uint8Array>;

/** A message that is decompressed may have so many bytes. */
const maxMessageBytes = 64 * 1024 * 1024;

/** The message of a request's frame. Throws UNIMPLEMENTED for an encoding that is not known here, INTERNAL for what is no message. */
export function requestMessageOf(frame: Uint8Array, { encoding = 'identity' }: FrameCoding): Uint8Array {
  return messageOf(frame, encoding, maxMessageBytes, errorOf);
}

/** `inner` with calls in frames as well. */
export function withFrames<Inner extends Calls>(inner: Inner): Inner {
  return {
    ...inner,
    unary: async (options, messages) => {
      const { frames } = options;
      if (frames === undefined) return await inner.unary(options, messages);
      const reply = await inner.unary(options, unframed(messages, frames));
      return { ...reply, message: frameOf(reply.message) };
    },
    stream: (options, messages) => {
      const { frames } = options;
      return frames === undefined
        ? inner.stream(options, messages)
        : framedReplies(inner.stream(options, unframedAll(messages, frames)));
    },
  };
}

function unframed(messages: Messages, coding: FrameCoding): Messages {
  return messages instanceof Uint8Array ? requestMessageOf(messages, coding) : unframedStream(messages, coding);
}

/** Never throws: what is wrong with the one message comes by the reply. */
function unframedAll(messages: Messages, coding: FrameCoding): Messages {
  try {
    return unframed(messages, coding);
  } catch (error) {
    return unframedStream(failing(error), coding);
  }
}

// biome-ignore lint/correctness/useYield: it only fails.
async function* failing(error: unknown): AsyncGenerator<Uint8Array, void> {
  throw error;
}

async function* unframedStream(
  frames: AsyncIterable<Uint8Array>,
  coding: FrameCoding,
): AsyncGenerator<Uint8Array, void> {
  for await (const frame of frames) yield requestMessageOf(frame, coding);
}

function framedReplies(replies: ReplyStream): ReplyStream {
  const batches = replies[Symbol.asyncIterator]();
  return {
    headers: replies.headers,
    trailers: replies.trailers,
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const batch = await batches.next();
        return batch.done ? batch : { done: false, value: batch.value.map(frameOf) };
      },
      return: async () => (await batches.return?.()) ?? { done: true, value: undefined },
    }),
  };
}

function errorOf(fault: FrameFault): StatusError {
  switch (fault.kind) {
    case 'flag':
      return new StatusError(GrpcCode.INTERNAL, `a message has the unknown flag ${fault.flag}`);
    case 'encoding':
      // https://github.com/grpc/grpc/blob/master/doc/compression.md, "Test cases".
      return new StatusError(GrpcCode.UNIMPLEMENTED, `grpc-encoding "${fault.encoding}" is not known`);
    case 'tooLarge': {
      const { cause } = fault;
      const message = `a message has more than ${maxMessageBytes} bytes once it is decompressed`;
      return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { httpStatus: 413, cause });
    }
    case 'broken':
      return new StatusError(GrpcCode.INTERNAL, 'a message does not decompress', { cause: fault.cause });
  }
}
