/**
 * One HTTP/2 connection to an upstream: takes its frames apart and hands them to the calls they belong to.
 */
import type { Socket } from 'node:net';
import { FrameReader } from './frame-reader.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import { ConnectionError, ErrorCode, Flag, FrameType, initial, maxWindowBytes, Setting } from './protocol.ts';
import { Sender } from './sender.ts';
import { limits, type Stream } from './stream.ts';

export interface ConnectionEvents {
  /** The peer's settings are there: calls can be opened. */
  onReady(): void;
  /** A stream has ended, or the peer takes more of them. */
  onFree(): void;
  /** No new calls: GOAWAY, or no stream numbers are left. */
  onDraining(): void;
  /** Called once; the streams have heard of it before. */
  onClosed(reason: Error): void;
}

export interface ConnectionOptions {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly userAgent: string;
  readonly keepalive?: { readonly timeMs: number; readonly timeoutMs: number } | undefined;
}

export class Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #sender: Sender;
  readonly #decoder: HpackDecoder = new HpackDecoder(limits.headerListBytes);
  readonly #streams = new Map<number, Stream>();
  #nextId = 1;
  #maxStreams: number = maxWindowBytes;
  /** Received bytes of all streams that the peer has not been told to send again. */
  #unreleased = 0;
  /** A header block whose end has not come. */
  #block: { readonly streamId: number; readonly isEnd: boolean; readonly parts: Buffer[]; bytes: number } | undefined;
  #idleFrames = 0;
  #isReady = false;
  #isDraining = false;
  #isClosed = false;
  #lastFrameAt: number = performance.now();
  #keepaliveTimer: NodeJS.Timeout | undefined;

  /** Takes over a connected socket. */
  constructor(
    socket: Socket,
    { scheme, authority, userAgent, keepalive }: ConnectionOptions,
    events: ConnectionEvents,
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#sender = new Sender(socket, new HpackEncoder(scheme, authority, userAgent));
    this.#sender.preface();
    const reader = new FrameReader((...frame) => this.#onFrame(...frame));
    socket.on('data', (bytes) => this.#read(reader, bytes));
    socket.on('error', (error) => this.#closed(error));
    socket.on('close', () => this.#closed(new Error('connection closed')));
    // Deadlines keep the process alive while there are calls; a connection without any does not.
    socket.unref();
    if (keepalive) this.#keepAlive(keepalive.timeMs, keepalive.timeoutMs);
  }

  get canOpen(): boolean {
    return this.#isReady && this.#streams.size < this.#maxStreams && !this.#isDraining && !this.#isClosed;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /** Opens a stream for the call; `canOpen` must be so. */
  open(stream: Stream): void {
    stream.streamId = this.#nextId;
    stream.receiveWindow = limits.streamWindowBytes;
    stream.unreleased = 0;
    this.#nextId += 2;
    this.#streams.set(stream.streamId, stream);
    this.#sender.open(stream);
    if (this.#nextId >= maxWindowBytes) this.#drain();
    stream.onOpened();
  }

  /** Writes the stream's outgoing message, as soon and as far as the windows allow. */
  send(stream: Stream): void {
    this.#sender.send(stream);
  }

  /** Ends a request behind its last message. */
  endRequest(stream: Stream): void {
    this.#sender.endRequest(stream);
  }

  /** Lets the upstream send as much again as the stream has received, but for `kept` bytes. */
  release(stream: Stream, kept: number): void {
    const bytes = stream.unreleased - kept;
    if (bytes < limits.streamWindowBytes / 2) return;
    stream.receiveWindow += bytes;
    stream.unreleased -= bytes;
    this.#sender.windowUpdate(stream.streamId, bytes);
  }

  /** The call has ended; `code` tells the upstream so when it does not know. */
  forget(stream: Stream, code: ErrorCode | undefined): void {
    if (!this.#streams.delete(stream.streamId)) return;
    this.#sender.drop(stream, code);
    if (this.#isDraining && this.#streams.size === 0) this.close();
    else this.#events.onFree();
  }

  /** Ends the connection; streams that are left are lost. */
  close(reason: Error = new Error('connection closed'), code: ErrorCode = ErrorCode.NO_ERROR): void {
    if (this.#isClosed) return;
    this.#sender.goAway(code);
    // A peer that does not read must not keep the socket.
    setTimeout(() => this.#socket.destroy(), 1000).unref();
    this.#closed(reason);
  }

  #closed(reason: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#keepaliveTimer);
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      this.#sender.drop(stream, undefined);
      stream.onLost(reason);
    }
    this.#events.onClosed(reason);
  }

  #read(reader: FrameReader, bytes: Buffer): void {
    if (this.#isClosed) return;
    try {
      reader.push(bytes);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.close(error, error.code);
    }
  }

  #onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#isClosed) return;
    this.#lastFrameAt = performance.now();
    if (!this.#isReady && type !== FrameType.SETTINGS) throw broken('the peer does not begin with SETTINGS');
    if (this.#block !== undefined && type !== FrameType.CONTINUATION) throw broken('a header block is interrupted');
    if (type === FrameType.DATA) this.#onData(flags, streamId, bytes, start, end);
    else if (type === FrameType.HEADERS) this.#onHeaders(flags, streamId, bytes, start, end);
    else if (type === FrameType.CONTINUATION) this.#onContinuation(flags, streamId, bytes, start, end);
    else if (type === FrameType.RST_STREAM) this.#onReset(streamId, bytes.readUInt32BE(start));
    else if (type === FrameType.WINDOW_UPDATE)
      this.#onWindowUpdate(streamId, bytes.readUInt32BE(start) & maxWindowBytes);
    else if (type === FrameType.PUSH_PROMISE) throw broken('PUSH_PROMISE was not allowed');
    else if (type === FrameType.SETTINGS || type === FrameType.PING || type === FrameType.GOAWAY) {
      if (streamId !== 0) throw broken('a frame of the connection with a stream number');
      if (type === FrameType.SETTINGS) this.#onSettings(flags, bytes, start, end);
      else if (type === FrameType.PING) this.#onPing(flags, bytes.subarray(start, end));
      else this.#onGoAway(bytes, start, end);
    } else this.#countIdle(); // PRIORITY and types that are not known are ignored.
  }

  #onData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const stream = this.#streamOf(streamId);
    const isEnd = (flags & Flag.END_STREAM) !== 0;
    const count = end - start;
    if (count === 0 && !isEnd) this.#countIdle();
    else this.#idleFrames = 0;
    // All streams share the connection's window: it is given back at once, whoever is slow.
    this.#unreleased += count;
    if (this.#unreleased >= limits.connectionWindowBytes / 2) {
      this.#sender.windowUpdate(0, this.#unreleased);
      this.#unreleased = 0;
    }
    const [from, to] = unpadded(flags, bytes, start, end);
    if (stream === undefined) return;
    stream.receiveWindow -= count;
    stream.unreleased += count;
    if (stream.receiveWindow < 0)
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the window allows');
    stream.onData(bytes, from, to, isEnd);
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#streamOf(streamId);
    const [unpaddedStart, to] = unpadded(flags, bytes, start, end);
    const from = unpaddedStart + (flags & Flag.PRIORITY ? 5 : 0);
    if (from > to) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS is too short');
    const isEnd = (flags & Flag.END_STREAM) !== 0;
    if (flags & Flag.END_HEADERS) this.#onBlock(streamId, isEnd, bytes, from, to);
    else this.#block = { streamId, isEnd, parts: [bytes.subarray(from, to)], bytes: to - from };
  }

  #onContinuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#block;
    if (block === undefined || block.streamId !== streamId) throw broken('CONTINUATION of no header block');
    block.parts.push(bytes.subarray(start, end));
    block.bytes += end - start;
    if (block.bytes > limits.headerListBytes || block.parts.length > limits.headerFrames) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'a header block without end');
    }
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#block = undefined;
    this.#onBlock(streamId, block.isEnd, Buffer.concat(block.parts), 0, block.bytes);
  }

  // Every block is decoded, also of a stream that has ended: the ones behind it build on it.
  #onBlock(streamId: number, isEnd: boolean, bytes: Buffer, start: number, end: number): void {
    const list = this.#decoder.decode(bytes, start, end);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#countIdle();
    else {
      this.#idleFrames = 0;
      stream.onHeaders(list, isEnd);
    }
  }

  #onReset(streamId: number, code: number): void {
    const stream = this.#streamOf(streamId);
    if (stream === undefined) this.#countIdle();
    else {
      this.forget(stream, undefined);
      stream.onReset(code);
    }
  }

  #onSettings(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((end - start) % 6 !== 0 || (flags & Flag.ACK && end > start)) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `SETTINGS of ${end - start} bytes`);
    }
    if (this.#isReady || flags & Flag.ACK) this.#countIdle();
    if (flags & Flag.ACK) return;
    for (let offset = start; offset < end; offset += 6) {
      this.#applySetting(bytes.readUInt16BE(offset), bytes.readUInt32BE(offset + 2));
    }
    this.#sender.settingsAck();
    if (this.#isReady) this.#events.onFree();
    else {
      this.#isReady = true;
      this.#events.onReady();
    }
  }

  #applySetting(id: number, value: number): void {
    if (id === Setting.HEADER_TABLE_SIZE) this.#sender.limitHeaderTable(value);
    else if (id === Setting.MAX_CONCURRENT_STREAMS) this.#maxStreams = value;
    else if (id === Setting.INITIAL_WINDOW_SIZE) this.#sender.resizeStreams(value, this.#streams.values());
    else if (id === Setting.ENABLE_PUSH && value !== 0) throw broken('a server must not enable push');
    else if (id === Setting.MAX_FRAME_SIZE && (value < initial.frameBytes || value >= 2 ** 24)) {
      throw broken(`MAX_FRAME_SIZE ${value}`);
    }
  }

  #onPing(flags: number, data: Buffer): void {
    if (flags & Flag.ACK) return;
    this.#countIdle();
    this.#sender.ping(data, true);
  }

  #onGoAway(bytes: Buffer, start: number, end: number): void {
    if (end - start < 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'GOAWAY is too short');
    const lastId = bytes.readUInt32BE(start) & maxWindowBytes;
    this.#countIdle();
    this.#drain();
    for (const [id, stream] of [...this.#streams]) {
      if (id <= lastId) continue;
      this.forget(stream, undefined);
      stream.onUnprocessed();
    }
    if (this.#streams.size === 0) this.close();
  }

  #onWindowUpdate(streamId: number, bytes: number): void {
    if (streamId === 0) {
      if (bytes === 0) throw broken('WINDOW_UPDATE by nothing');
      this.#sender.widen(bytes);
      return;
    }
    const stream = this.#streamOf(streamId);
    if (stream === undefined) this.#countIdle();
    else if (bytes === 0) this.#refuse(stream, ErrorCode.PROTOCOL_ERROR);
    else if (!this.#sender.widenStream(stream, bytes)) this.#refuse(stream, ErrorCode.FLOW_CONTROL_ERROR);
  }

  // The peer broke the rules of one stream: it alone ends.
  #refuse(stream: Stream, code: ErrorCode): void {
    this.forget(stream, code);
    stream.onReset(code);
  }

  /** The stream, or undefined when it has ended. Throws for one that was never opened. */
  #streamOf(streamId: number): Stream | undefined {
    const stream = this.#streams.get(streamId);
    if (stream === undefined && (streamId % 2 === 0 || streamId >= this.#nextId)) {
      throw broken(`a frame of stream ${streamId}, which was never opened`);
    }
    return stream;
  }

  #countIdle(): void {
    this.#idleFrames++;
    if (this.#idleFrames <= limits.idleFrames) return;
    throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many frames that bring no call forward');
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#events.onDraining();
  }

  #keepAlive(timeMs: number, timeoutMs: number): void {
    let pingedAt = Number.NEGATIVE_INFINITY;
    const check = (): void => {
      const now = performance.now();
      const isWaiting = this.#lastFrameAt < pingedAt;
      if (isWaiting && now - pingedAt >= timeoutMs) this.close(new Error('keepalive: no answer to PING'));
      else if (!isWaiting && this.#streams.size > 0 && now - this.#lastFrameAt >= timeMs) {
        pingedAt = now;
        this.#sender.ping(Buffer.alloc(8), false);
      }
    };
    this.#keepaliveTimer = setInterval(check, Math.max(10, Math.min(timeMs, timeoutMs) / 2)).unref();
  }
}

/** Where the payload of DATA or HEADERS is, without its padding. */
function unpadded(flags: number, bytes: Buffer, start: number, end: number): readonly [start: number, end: number] {
  if ((flags & Flag.PADDED) === 0) return [start, end];
  const padding = start < end ? bytes.readUInt8(start) : 0;
  if (start + 1 + padding > end) throw broken('more padding than payload');
  return [start + 1, end - padding];
}

function broken(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}
