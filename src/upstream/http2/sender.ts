/**
 * All that one connection writes: frames of every call and of the connection itself, in one write a tick, messages as far
 * as the peer's windows and the socket allow.
 */
import type { Socket } from 'node:net';
import { frameHeadBytes } from '../../transcode/grpc-framing.ts';
import { FrameWriter } from './frame-writer.ts';
import type { HpackEncoder } from './hpack-encoder.ts';
import { ConnectionError, ErrorCode, initial, maxWindowBytes, Setting } from './protocol.ts';
import { limits, type Stream } from './stream.ts';

const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export class Sender {
  readonly #socket: Socket;
  readonly #writer = new FrameWriter();
  readonly #encoder: HpackEncoder;
  /** Streams with a message that is not written to its end. */
  readonly #held = new Set<Stream>();
  #window: number = initial.windowBytes;
  #streamWindow: number = initial.windowBytes;
  #isFlushDue = false;

  constructor(socket: Socket, encoder: HpackEncoder) {
    this.#socket = socket;
    this.#encoder = encoder;
    socket.on('drain', () => this.#flushSoon());
  }

  /** What every connection begins with. */
  preface(): void {
    this.#writer.raw(preface);
    this.#writer.settings([
      [Setting.ENABLE_PUSH, 0],
      [Setting.INITIAL_WINDOW_SIZE, limits.streamWindowBytes],
      [Setting.MAX_HEADER_LIST_SIZE, limits.headerListBytes],
    ]);
    this.windowUpdate(0, limits.connectionWindowBytes - initial.windowBytes);
  }

  /** Opens the stream with its request headers. */
  open(stream: Stream): void {
    stream.sendWindow = this.#streamWindow;
    this.#writer.headers(stream.streamId, this.#encoder.encode(stream.requestHeaders), initial.frameBytes, false);
    this.#flushSoon();
  }

  /** Writes the stream's outgoing message, as soon and as far as the windows allow. */
  send(stream: Stream): void {
    this.#held.add(stream);
    this.#flushSoon();
  }

  endRequest(stream: Stream): void {
    this.#writer.endOfStream(stream.streamId);
    this.#flushSoon();
  }

  /** Writes no more of the stream; with a code the peer is told. */
  drop(stream: Stream, code: ErrorCode | undefined): void {
    this.#held.delete(stream);
    if (code === undefined) return;
    this.#writer.resetStream(stream.streamId, code);
    this.#flushSoon();
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.#writer.windowUpdate(streamId, bytes);
    this.#flushSoon();
  }

  /** Our SETTINGS_INITIAL_WINDOW_SIZE: it widens the streams that are open as well. */
  streamWindow(bytes: number): void {
    this.#writer.settings([[Setting.INITIAL_WINDOW_SIZE, bytes]]);
    this.#flushSoon();
  }

  settingsAck(): void {
    this.#writer.settingsAck();
    this.#flushSoon();
  }

  ping(data: Uint8Array, isAck: boolean): void {
    this.#writer.ping(data, isAck);
    this.#flushSoon();
  }

  /** The last thing that is written. */
  goAway(code: ErrorCode): void {
    this.#held.clear();
    this.#writer.goAway(0, code);
    this.#flush();
    this.#socket.end();
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitHeaderTable(maxBytes: number): void {
    this.#encoder.limitTable(maxBytes);
  }

  /** The peer's SETTINGS_INITIAL_WINDOW_SIZE: for new streams, and by the difference for those that are open. */
  resizeStreams(windowBytes: number, open: Iterable<Stream>): void {
    if (windowBytes > maxWindowBytes) throw exceeded();
    for (const stream of open) {
      stream.sendWindow += windowBytes - this.#streamWindow;
      if (stream.sendWindow > maxWindowBytes) throw exceeded();
    }
    this.#streamWindow = windowBytes;
    this.#flushSoon();
  }

  /** The peer takes more of the connection as a whole. */
  widen(bytes: number): void {
    this.#window += bytes;
    if (this.#window > maxWindowBytes) throw exceeded();
    this.#flushSoon();
  }

  /** The peer takes more of one stream; false when that is more than a window can be. */
  widenStream(stream: Stream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (this.#held.has(stream)) this.#flushSoon();
    return stream.sendWindow <= maxWindowBytes;
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    // After all input of this turn: what its calls write leaves together.
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const isFull = this.#writeHeld();
    if (this.#writer.length === 0 || this.#socket.destroyed) return;
    const bytes = this.#writer.take();
    this.#socket.write(bytes, () => this.#writer.reuse(bytes));
    // Otherwise its `drain` goes on.
    if (isFull && !this.#socket.writableNeedDrain) this.#flushSoon();
  }

  // A frame for each in turn, so that a large message does not stop small ones. True when it is the socket that has enough.
  #writeHeld(): boolean {
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      for (const stream of this.#held) {
        if (this.#socket.writableLength + this.#writer.length > limits.socketBytes) return true;
        if (this.#writeFrame(stream)) isMoving = true;
      }
    }
    return false;
  }

  #writeFrame(stream: Stream): boolean {
    const { outgoing } = stream;
    if (outgoing === undefined) return false;
    const { message, sent, isLast } = outgoing;
    const left = frameHeadBytes + message.length - sent;
    const count = Math.min(left, stream.sendWindow, this.#window, initial.frameBytes);
    if (count <= 0) return false;
    this.#writer.data(stream.streamId, outgoing, sent + count, isLast && count === left);
    outgoing.sent += count;
    stream.sendWindow -= count;
    this.#window -= count;
    if (count < left) return true;
    this.#held.delete(stream);
    stream.onSent();
    return true;
  }
}

function exceeded(): ConnectionError {
  return new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'a window is larger than windows can be');
}
