/**
 * Frames into one buffer, to be sent with one write.
 */
import { frameHeadBytes } from '../../transcode/grpc-framing.ts';
import { Flag, FrameType } from './protocol.ts';
import type { OutgoingMessage } from './stream.ts';

const headBytes = 9;
const startBytes = 16 * 1024;
// Twice what waits for a slow socket: buffers of large messages are used again as well, one a connection.
const keptBytes = 512 * 1024;

export class FrameWriter {
  // Not of the pool that Node shares out: `reuse` takes the whole memory of what was taken.
  #bytes: Buffer = Buffer.allocUnsafeSlow(startBytes);
  #length = 0;

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /** HEADERS, and CONTINUATION where the block is longer than a frame may be. */
  headers(streamId: number, block: Buffer, maxFrameBytes: number, isEnd: boolean): void {
    let type: number = FrameType.HEADERS;
    let flags: number = isEnd ? Flag.END_STREAM : 0;
    for (let offset = 0; offset === 0 || offset < block.length; offset += maxFrameBytes) {
      const end = Math.min(block.length, offset + maxFrameBytes);
      this.#head(type, end === block.length ? flags | Flag.END_HEADERS : flags, streamId, end - offset);
      this.#length += block.copy(this.#bytes, this.#length, offset, end);
      type = FrameType.CONTINUATION;
      flags = 0;
    }
  }

  /** DATA with the bytes from `sent` to `end` of a message's gRPC frame: five bytes before the message, then the message. */
  data(streamId: number, { message, flag, sent: start }: OutgoingMessage, end: number, isEnd: boolean): void {
    this.#head(FrameType.DATA, isEnd ? Flag.END_STREAM : 0, streamId, end - start);
    if (start === 0 && end >= frameHeadBytes) {
      this.#bytes[this.#length] = flag;
      this.#bytes.writeUInt32BE(message.length, this.#length + 1);
      this.#length += frameHeadBytes;
    } else {
      const head = [flag, message.length >>> 24, message.length >>> 16, message.length >>> 8, message.length];
      for (let index = start; index < Math.min(end, frameHeadBytes); index++)
        this.#bytes[this.#length++] = head[index] as number;
    }
    if (end <= frameHeadBytes) return;
    const from = Math.max(start, frameHeadBytes) - frameHeadBytes;
    const to = end - frameHeadBytes;
    this.#bytes.set(from === 0 && to === message.length ? message : message.subarray(from, to), this.#length);
    this.#length += to - from;
  }

  endOfStream(streamId: number): void {
    this.#head(FrameType.DATA, Flag.END_STREAM, streamId, 0);
  }

  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    this.#head(FrameType.SETTINGS, 0, 0, pairs.length * 6);
    for (const [id, value] of pairs) {
      this.#length = this.#bytes.writeUInt16BE(id, this.#length);
      this.#length = this.#bytes.writeUInt32BE(value, this.#length);
    }
  }

  settingsAck(): void {
    this.#head(FrameType.SETTINGS, Flag.ACK, 0, 0);
  }

  /** `data` has eight bytes. */
  ping(data: Uint8Array, isAck: boolean): void {
    this.#head(FrameType.PING, isAck ? Flag.ACK : 0, 0, 8);
    this.#bytes.set(data, this.#length);
    this.#length += 8;
  }

  resetStream(streamId: number, code: number): void {
    this.#head(FrameType.RST_STREAM, 0, streamId, 4);
    this.#length = this.#bytes.writeUInt32BE(code, this.#length);
  }

  goAway(lastStreamId: number, code: number): void {
    this.#head(FrameType.GOAWAY, 0, 0, 8);
    this.#length = this.#bytes.writeUInt32BE(lastStreamId, this.#length);
    this.#length = this.#bytes.writeUInt32BE(code, this.#length);
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.#head(FrameType.WINDOW_UPDATE, 0, streamId, 4);
    this.#length = this.#bytes.writeUInt32BE(bytes, this.#length);
  }

  /** Bytes as they are: the connection preface. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** All frames so far. They are lent until `reuse`, or the taker's for good when the writer goes on without it. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    this.#bytes = Buffer.alloc(0);
    return taken;
  }

  /** Gives back what `take` gave, when nobody reads it any more. Large ones are let go. */
  reuse(taken: Buffer): void {
    if (this.#bytes.length === 0 && taken.buffer.byteLength <= keptBytes) {
      this.#bytes = Buffer.from(taken.buffer);
    }
  }

  #head(type: number, flags: number, streamId: number, length: number): void {
    this.#reserve(headBytes + length);
    const bytes = this.#bytes;
    let offset = this.#length;
    bytes[offset++] = length >>> 16;
    bytes[offset++] = length >>> 8;
    bytes[offset++] = length;
    bytes[offset++] = type;
    bytes[offset++] = flags;
    bytes[offset++] = streamId >>> 24;
    bytes[offset++] = streamId >>> 16;
    bytes[offset++] = streamId >>> 8;
    bytes[offset++] = streamId;
    this.#length = offset;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(startBytes, needed * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
