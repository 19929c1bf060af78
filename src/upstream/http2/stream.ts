/**
 * What a connection knows of one call, and what either side may cost the other.
 */
import type { HeaderList } from './hpack-decoder.ts';
import type { RequestHeaders } from './hpack-encoder.ts';

/** A request message on its way: of its five bytes of head and its own, `sent` are written. */
export interface OutgoingMessage {
  readonly message: Uint8Array;
  /** What its head begins with: 0, or 1 for one that is compressed. */
  readonly flag: number;
  sent: number;
  /** Nothing comes after it. */
  readonly isLast: boolean;
}

/** A call as its connection sees it. The first four fields are the connection's own. */
export interface Stream {
  streamId: number;
  sendWindow: number;
  receiveWindow: number;
  /** Received bytes that the upstream has not been told to send again. */
  unreleased: number;
  readonly requestHeaders: RequestHeaders;
  readonly outgoing: OutgoingMessage | undefined;
  /** HEADERS are written. */
  onOpened(): void;
  /** `outgoing` is written. */
  onSent(): void;
  /** `undefined`: more headers than are read. */
  onHeaders(list: HeaderList | undefined, isEnd: boolean): void;
  onData(bytes: Buffer, start: number, end: number, isEnd: boolean): void;
  onReset(code: number): void;
  /** GOAWAY: the upstream has not looked at it. */
  onUnprocessed(): void;
  onLost(reason: Error): void;
}

export const limits: {
  /** Names and values of one header list, and 32 for each. */
  readonly headerListBytes: number;
  /** Frames of one header block. */
  readonly headerFrames: number;
  /** What a stream may send ahead of its reader, at first. */
  readonly streamWindowBytes: number;
  /** What that may grow to. */
  readonly maxStreamWindowBytes: number;
  /** What all streams together may have on the way. */
  readonly connectionWindowBytes: number;
  /** Frames in a row that bring no call forward. */
  readonly idleFrames: number;
  /** Bytes that wait for a slow socket before more messages are written. */
  readonly socketBytes: number;
} = {
  headerListBytes: 64 * 1024,
  headerFrames: 64,
  streamWindowBytes: 256 * 1024,
  maxStreamWindowBytes: 1024 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  idleFrames: 10_000,
  socketBytes: 256 * 1024,
};
