/**
 * @module gRPC's messages in a stream of bytes: a flag, four bytes of length, the message, compressed or not ("Length-Prefixed-Message" of
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). A frame here is all of that.
 */
import { gunzipSync, inflateSync } from 'node:zlib';

/** A flag and four bytes of length stand before each message. */
export const frameHeadBytes = 5;

/** The encodings that can be undone here, as `grpc-accept-encoding` lists them. */
export const knownEncodings = 'identity,deflate,gzip';

const inflaters: ReadonlyMap<string, typeof gunzipSync> = new Map([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
]);

/** Cuts bytes into frames. */
export class FrameSplitter {
  readonly #maxBytes: number;
  readonly #tooLarge: (bytes: number) => Error;
  readonly #onFrame: (frame: Uint8Array) => void;
  /** Made for a head that comes in pieces, which few do. */
  #head: Buffer | undefined;
  #headLength = 0;
  /** A frame of which a part has come. */
  #frame: Buffer | undefined;
  #frameLength = 0;

  /** A message of more than `maxBytes` is what `tooLarge` says of it. */
  constructor(maxBytes: number, tooLarge: (bytes: number) => Error, onFrame: (frame: Uint8Array) => void) {
    this.#maxBytes = maxBytes;
    this.#tooLarge = tooLarge;
    this.#onFrame = onFrame;
  }

  /** A frame has begun and not ended. */
  get isInside(): boolean {
    return this.#headLength > 0 || this.#frame !== undefined;
  }

  /** Takes the next bytes and gives the frames that they complete; a frame may be a view of them. Throws for one that is too large. */
  push(bytes: Buffer, start = 0, end: number = bytes.length): void {
    let offset = start;
    while (offset < end) {
      if (this.#frame === undefined) {
        if (this.#headLength === 0 && end - offset >= frameHeadBytes) {
          const length = frameHeadBytes + this.#checked(bytes.readUInt32BE(offset + 1));
          if (end - offset >= length) {
            this.#onFrame(new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length));
            offset += length;
            continue;
          }
        }
        offset = this.#begin(bytes, offset, end);
        if (this.#frame === undefined) continue;
      }
      offset = this.#continue(this.#frame, bytes, offset, end);
    }
  }

  /** Collects the head of a frame that these bytes do not complete, and makes room for the rest. */
  #begin(bytes: Buffer, offset: number, end: number): number {
    const stop = Math.min(end, offset + frameHeadBytes - this.#headLength);
    this.#head ??= Buffer.alloc(frameHeadBytes);
    this.#headLength += bytes.copy(this.#head, this.#headLength, offset, stop);
    if (this.#headLength < frameHeadBytes) return stop;
    this.#frame = Buffer.allocUnsafeSlow(frameHeadBytes + this.#checked(this.#head.readUInt32BE(1)));
    this.#frameLength = this.#head.copy(this.#frame);
    this.#headLength = 0;
    if (this.#frame.length === frameHeadBytes) this.#end(this.#frame);
    return stop;
  }

  #continue(frame: Buffer, bytes: Buffer, offset: number, end: number): number {
    const copied = bytes.copy(frame, this.#frameLength, offset, end);
    this.#frameLength += copied;
    if (this.#frameLength === frame.length) this.#end(frame);
    return offset + copied;
  }

  #end({ buffer, byteOffset, length }: Buffer): void {
    this.#frame = undefined;
    this.#onFrame(new Uint8Array(buffer, byteOffset, length));
  }

  #checked(length: number): number {
    if (length > this.#maxBytes) throw this.#tooLarge(length);
    return length;
  }
}

/** The frame of a message that is not compressed. */
export function frameOf(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(frameHeadBytes + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, frameHeadBytes);
  return frame;
}

/** Why a frame has no message that can be read. */
export type FrameFault =
  | { readonly kind: 'flag'; readonly flag: number }
  | { readonly kind: 'encoding'; readonly encoding: string }
  | { readonly kind: 'tooLarge'; readonly cause: unknown }
  | { readonly kind: 'broken'; readonly cause: unknown };

/** The message of a frame, decompressed; a view of it where it is not compressed. `refuse` makes an error of what is wrong with it. */
export function messageOf(
  frame: Uint8Array,
  encoding: string,
  maxBytes: number,
  refuse: (fault: FrameFault) => Error,
): Uint8Array {
  const { buffer, byteOffset, length } = frame;
  const message = new Uint8Array(buffer, byteOffset + frameHeadBytes, length - frameHeadBytes);
  const flag = frame[0] ?? 0;
  if (flag === 0) return message;
  if (flag !== 1) throw refuse({ kind: 'flag', flag });
  const inflate = inflaters.get(encoding);
  if (inflate === undefined) throw refuse({ kind: 'encoding', encoding });
  try {
    const inflated = inflate(message, { maxOutputLength: maxBytes });
    return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length);
  } catch (cause) {
    const isTooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw refuse({ kind: isTooLarge ? 'tooLarge' : 'broken', cause });
  }
}
