/**
 * gRPC messages out of the DATA of one stream, or their frames as they are.
 */
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { type FrameFault, FrameSplitter, messageOf } from '../../transcode/grpc-framing.ts';
import { replyTooLarge } from '../call-errors.ts';

export class MessageReader {
  readonly #splitter: FrameSplitter;
  /** `grpc-encoding` of the reply. */
  encoding = 'identity';

  /** `onMessage` gets messages, decompressed, or whole frames where `givesFrames`. */
  constructor(maxBytes: number, onMessage: (message: Uint8Array) => void, givesFrames = false) {
    const refuse = (fault: FrameFault): StatusError => errorOf(fault, maxBytes);
    this.#splitter = new FrameSplitter(
      maxBytes,
      (bytes) => replyTooLarge(maxBytes, new Error(`a message of ${bytes} bytes`)),
      givesFrames ? onMessage : (frame) => onMessage(messageOf(frame, this.encoding, maxBytes, refuse)),
    );
  }

  /** A message has begun and not ended. */
  get isInside(): boolean {
    return this.#splitter.isInside;
  }

  /**
   * Takes the next bytes and gives the messages that they complete; a message may be a view of them. Throws
   * RESOURCE_EXHAUSTED with HTTP 502 for one over the limit, INTERNAL for what is no message.
   */
  push(bytes: Buffer, start: number, end: number): void {
    this.#splitter.push(bytes, start, end);
  }
}

function errorOf(fault: FrameFault, maxBytes: number): StatusError {
  switch (fault.kind) {
    case 'flag':
      return new StatusError(GrpcCode.INTERNAL, `the upstream sent a message with the unknown flag ${fault.flag}`);
    case 'encoding': {
      const text = `the upstream sent a message compressed as "${fault.encoding}", which was not offered`;
      return new StatusError(GrpcCode.INTERNAL, text);
    }
    case 'tooLarge':
      return replyTooLarge(maxBytes, fault.cause);
    case 'broken': {
      const { cause } = fault;
      return new StatusError(GrpcCode.INTERNAL, 'the upstream sent a message that does not decompress', { cause });
    }
  }
}
