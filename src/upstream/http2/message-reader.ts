/**
 * gRPC messages out of the DATA of one stream: a flag, four bytes of length, the message, compressed or not.
 */
import { gunzipSync, inflateSync } from 'node:zlib';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { replyTooLarge } from '../call-errors.ts';
import { messageHeadBytes } from './frame-writer.ts';

const inflaters: ReadonlyMap<string, typeof gunzipSync> = new Map([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
]);

export class MessageReader {
  readonly #maxBytes: number;
  readonly #onMessage: (message: Uint8Array) => void;
  /** `grpc-encoding` of the reply. */
  encoding = 'identity';
  readonly #head = Buffer.alloc(messageHeadBytes);
  #headLength = 0;
  #message: Buffer | undefined;
  #messageLength = 0;

  constructor(maxBytes: number, onMessage: (message: Uint8Array) => void) {
    this.#maxBytes = maxBytes;
    this.#onMessage = onMessage;
  }

  /** A message has begun and not ended. */
  get isInside(): boolean {
    return this.#headLength > 0;
  }

  /**
   * Takes the next bytes and gives the messages that they complete; a message may be a view of them. Throws
   * RESOURCE_EXHAUSTED with HTTP 502 for one over the limit, INTERNAL for what is no message.
   */
  push(bytes: Buffer, start: number, end: number): void {
    let offset = start;
    while (offset < end) {
      if (this.#message === undefined) {
        offset = this.#readHead(bytes, offset, end);
        if (this.#headLength < messageHeadBytes) return;
        const length = this.#head.readUInt32BE(1);
        if (length > this.#maxBytes) throw replyTooLarge(this.#maxBytes, new Error(`a message of ${length} bytes`));
        if (end - offset >= length) {
          this.#deliver(new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length));
          offset += length;
          continue;
        }
        this.#message = Buffer.allocUnsafeSlow(length);
        this.#messageLength = 0;
      }
      const copied = bytes.copy(this.#message, this.#messageLength, offset, end);
      this.#messageLength += copied;
      offset += copied;
      if (this.#messageLength < this.#message.length) return;
      const { buffer, byteOffset, length } = this.#message;
      this.#message = undefined;
      this.#deliver(new Uint8Array(buffer, byteOffset, length));
    }
  }

  #readHead(bytes: Buffer, offset: number, end: number): number {
    const copied = bytes.copy(
      this.#head,
      this.#headLength,
      offset,
      Math.min(end, offset + messageHeadBytes - this.#headLength),
    );
    this.#headLength += copied;
    return offset + copied;
  }

  #deliver(message: Uint8Array): void {
    this.#headLength = 0;
    const flag = this.#head[0];
    if (flag === 0) this.#onMessage(message);
    else if (flag === 1) this.#onMessage(this.#inflate(message));
    else throw new StatusError(GrpcCode.INTERNAL, `the upstream sent a message with the unknown flag ${flag}`);
  }

  #inflate(message: Uint8Array): Uint8Array {
    const inflate = inflaters.get(this.encoding);
    if (inflate === undefined) {
      const text = `the upstream sent a message compressed as "${this.encoding}", which was not offered`;
      throw new StatusError(GrpcCode.INTERNAL, text);
    }
    try {
      const { buffer, byteOffset, length } = inflate(message, { maxOutputLength: this.#maxBytes });
      return new Uint8Array(buffer, byteOffset, length);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw replyTooLarge(this.#maxBytes, cause);
      throw new StatusError(GrpcCode.INTERNAL, 'the upstream sent a message that does not decompress', { cause });
    }
  }
}
