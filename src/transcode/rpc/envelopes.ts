/**
 * Messages of a stream in one body: each behind a byte of flags and four bytes of length. gRPC-Web
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md) and Connect (https://connectrpc.com/docs/protocol, "Enveloped-Message")
 * share it with gRPC.
 */
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { FrameSplitter, frameHeadBytes } from '../grpc-framing.ts';

export interface Envelope {
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** The flag of a compressed payload, the same in all protocols. */
export const COMPRESSED = 0x01;

/** An envelope as bytes. */
export function writeEnvelope({ flags, payload }: Envelope): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  bytes[0] = flags;
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, frameHeadBytes);
  return bytes;
}

/** Takes the envelopes out of a body as it arrives; holds no more of it than one of them. */
export class EnvelopeSplitter {
  readonly #frames: FrameSplitter;
  #envelopes: Envelope[] = [];

  constructor(maxBytes: number) {
    this.#frames = new FrameSplitter(
      maxBytes,
      (bytes) => tooLarge(bytes, maxBytes),
      (frame) => this.#envelopes.push({ flags: frame[0] ?? 0, payload: frame.subarray(frameHeadBytes) }),
    );
  }

  /** The envelopes that this chunk completes. Throws RESOURCE_EXHAUSTED for one over the limit, before it is there. */
  push({ buffer, byteOffset, length }: Uint8Array): readonly Envelope[] {
    this.#envelopes = [];
    this.#frames.push(Buffer.from(buffer, byteOffset, length));
    return this.#envelopes;
  }

  /** The body has ended. Throws INVALID_ARGUMENT when it ended inside of an envelope. */
  end(): void {
    if (!this.#frames.isInside) return;
    throw new StatusError(GrpcCode.INVALID_ARGUMENT, 'the request body ends inside of a message');
  }
}

/** The refusal of a message over its limit. */
export function tooLarge(bytes: number | undefined, limit: number): StatusError {
  const size = bytes === undefined ? 'is larger than' : `has ${bytes} bytes, over`;
  const message = `the request message ${size} the limit of ${limit} bytes`;
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { httpStatus: 413 });
}
