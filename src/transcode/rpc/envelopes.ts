/**
 * Messages of a stream in one body: each behind a byte of flags and four bytes of length. gRPC-Web
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md) and Connect (https://connectrpc.com/docs/protocol, "Enveloped-Message")
 * share it with gRPC.
 */
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';

export interface Envelope {
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** The flag of a compressed payload, the same in all protocols. */
export const COMPRESSED = 0x01;

/** What an envelope takes besides its payload. */
export const HEAD_BYTES = 5;

/** An envelope as bytes. */
export function writeEnvelope({ flags, payload }: Envelope): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes[0] = flags;
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** Takes the envelopes out of a body as it arrives; holds no more of it than one envelope and one chunk. */
export class EnvelopeSplitter {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Bytes that must be there before there can be an envelope. */
  #needed = HEAD_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The envelopes that this chunk completes, as views. Throws RESOURCE_EXHAUSTED for one over the limit, before it is there. */
  push(chunk: Uint8Array): readonly Envelope[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return [];
    const bytes = Buffer.concat(this.#chunks);
    const envelopes: Envelope[] = [];
    let at = 0;
    this.#needed = HEAD_BYTES;
    while (at + HEAD_BYTES <= bytes.length) {
      const length = bytes.readUInt32BE(at + 1);
      if (length > this.#maxBytes) throw tooLarge(length, this.#maxBytes);
      const end = at + HEAD_BYTES + length;
      if (end > bytes.length) {
        this.#needed = HEAD_BYTES + length;
        break;
      }
      envelopes.push({ flags: bytes[at] as number, payload: bytes.subarray(at + HEAD_BYTES, end) });
      at = end;
    }
    this.#chunks = [bytes.subarray(at)];
    this.#length = bytes.length - at;
    return envelopes;
  }

  /** The body has ended. Throws INVALID_ARGUMENT when it ended inside of an envelope. */
  end(): void {
    if (this.#length === 0) return;
    throw new StatusError(GrpcCode.INVALID_ARGUMENT, 'the request body ends inside of a message');
  }
}

/** The refusal of a message over its limit. */
export function tooLarge(bytes: number | undefined, limit: number): StatusError {
  const size = bytes === undefined ? 'is larger than' : `has ${bytes} bytes, over`;
  const message = `the request message ${size} the limit of ${limit} bytes`;
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { httpStatus: 413 });
}
