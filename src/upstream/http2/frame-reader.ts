/**
 * Bytes of a connection in, frames out. Checks what can be known of a frame without its stream.
 */
import { ConnectionError, ErrorCode, FrameType, initial } from './protocol.ts';

/** Gets each frame: its payload is `bytes` from `start` to `end`, which are only lent when the frame came in pieces. */
export type OnFrame = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

const headBytes = 9;

// Payload sizes that the frame types allow (RFC 9113, section 6); the others take any.
const fixedSizes: ReadonlyMap<number, number> = new Map([
  [FrameType.PRIORITY, 5],
  [FrameType.RST_STREAM, 4],
  [FrameType.PING, 8],
  [FrameType.WINDOW_UPDATE, 4],
]);

export class FrameReader {
  readonly #onFrame: OnFrame;
  // A frame that has not come whole: its first bytes, and how many of them are there.
  #partial: Buffer | undefined;
  #partialLength = 0;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Takes the next bytes. Throws FRAME_SIZE_ERROR; the reader is of no use afterwards. */
  push(bytes: Buffer): void {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#partial !== undefined) {
        offset = this.#complete(bytes, offset);
        continue;
      }
      const length = bytes.length - offset >= headBytes ? payloadBytes(bytes, offset) : 0;
      if (bytes.length - offset < headBytes + length) {
        this.#keep(bytes, offset, headBytes + length);
        return;
      }
      this.#deliver(bytes, offset, length);
      offset += headBytes + length;
    }
  }

  // First up to a whole head, which says how long the frame is, then up to its end.
  #complete(bytes: Buffer, offset: number): number {
    const partial = this.#partial as Buffer;
    const copied = Math.min(partial.length - this.#partialLength, bytes.length - offset);
    bytes.copy(partial, this.#partialLength, offset, offset + copied);
    this.#partialLength += copied;
    if (this.#partialLength < partial.length) return offset + copied;
    const length = payloadBytes(partial, 0);
    this.#partial = undefined;
    if (partial.length === headBytes && length > 0) this.#keep(partial, 0, headBytes + length);
    else this.#deliver(partial, 0, length);
    return offset + copied;
  }

  #keep(bytes: Buffer, offset: number, frameBytes: number): void {
    this.#partial = Buffer.allocUnsafe(frameBytes);
    this.#partialLength = bytes.copy(this.#partial, 0, offset);
  }

  #deliver(bytes: Buffer, offset: number, length: number): void {
    const type = bytes[offset + 3] as number;
    const flags = bytes[offset + 4] as number;
    const streamId = bytes.readUInt32BE(offset + 5) & 0x7fffffff;
    const size = fixedSizes.get(type);
    if (size !== undefined && size !== length)
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `frame of type ${type} with ${length} bytes`);
    this.#onFrame(type, flags, streamId, bytes, offset + headBytes, offset + headBytes + length);
  }
}

function payloadBytes(bytes: Buffer, offset: number): number {
  const length = bytes.readUIntBE(offset, 3);
  if (length > initial.frameBytes) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `frame of ${length} bytes`);
  return length;
}
