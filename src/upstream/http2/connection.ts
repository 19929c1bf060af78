/**
 * One HTTP/2 connection to an upstream: takes its frames apart and hands them to the calls they belong to.
 */
import type { Socket } from 'node:net';
import { FrameReader } from './frame-reader.ts';
import { HeaderBlocks } from './header-blocks.ts';
import type { HeaderList } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import { Liveness } from './liveness.ts';
import { unpadded } from './padding.ts';
import { ConnectionError, ErrorCode, Flag, FrameType, initial, maxWindowBytes, Setting } from './protocol.ts';
import { probeData, ReceiveWindows } from './receive-windows.ts';
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
  readonly #windows: ReceiveWindows;
  readonly #blocks: HeaderBlocks;
  readonly #liveness: Liveness;
  readonly #streams = new Map<number, Stream>();
  #nextId = 1;
  #maxStreams: number = maxWindowBytes;
  #idleFrames = 0;
  #isReady = false;
  #isDraining = false;
  #isClosed = false;

  /** Takes over a connected socket. */
  constructor(socket: Socket, options: ConnectionOptions, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#sender = new Sender(socket, new HpackEncoder(options.scheme, options.authority, options.userAgent));
    this.#windows = new ReceiveWindows(this.#sender);
    this.#blocks = new HeaderBlocks((streamId, list, isEnd) => this.#onHeaderList(streamId, list, isEnd));
    this.#liveness = new Liveness(
      {
        hasCalls: () => this.#streams.size > 0,
        ping: () => this.#sender.ping(Buffer.alloc(8), false),
        giveUp: () => this.close(new Error('no answer to PING')),
      },
      options.keepalive,
    );
    this.#sender.preface();
    const reader = new FrameReader((...frame) => this.#onFrame(...frame));
    socket.on('data', (bytes) => this.#read(reader, bytes));
    socket.on('error', (error) => this.#closed(error));
    for (const event of ['end', 'close']) socket.on(event, () => this.#closed(new Error('connection closed')));
    // Deadlines keep the process alive while there are calls; a connection without any does not.
    socket.unref();
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
    this.#windows.open(stream);
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
    this.#windows.release(stream, kept);
  }

  /** A call that was opened then has waited for its whole deadline. */
  doubt(openedAt: number): void {
    this.#liveness.doubt(openedAt);
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
    this.#liveness.stop();
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
    this.#liveness.heard();
    if (!this.#isReady && type !== FrameType.SETTINGS) throw broken('the peer does not begin with SETTINGS');
    if (this.#blocks.isOpen && type !== FrameType.CONTINUATION) throw broken('a header block is interrupted');
    if (type === FrameType.DATA) this.#onData(flags, streamId, bytes, start, end);
    else if (type === FrameType.HEADERS) this.#onHeaders(flags, streamId, bytes, start, end);
    else if (type === FrameType.CONTINUATION) this.#blocks.continue(flags, streamId, bytes.subarray(start, end));
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
    if (start === end && !isEnd) this.#countIdle();
    else this.#idleFrames = 0;
    const [from, to] = unpadded(flags, bytes, start, end);
    this.#windows.receive(stream, end - start);
    stream?.onData(bytes, from, to, isEnd);
  }

  #onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#streamOf(streamId);
    const [unpaddedStart, to] = unpadded(flags, bytes, start, end);
    const from = unpaddedStart + (flags & Flag.PRIORITY ? 5 : 0);
    if (from > to) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS is too short');
    this.#blocks.begin(flags, streamId, bytes, from, to);
  }

  #onHeaderList(streamId: number, list: HeaderList | undefined, isEnd: boolean): void {
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
    this.#countIdle();
    if ((flags & Flag.ACK) === 0) this.#sender.ping(data, true);
    else if (data.equals(probeData)) this.#windows.onProbed(this.#streams.values());
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
}

function broken(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}
