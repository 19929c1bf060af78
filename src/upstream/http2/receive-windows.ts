/**
 * What the peer may send: the window of the connection, given back at once, and those of the streams, given back as their
 * readers read. The streams' windows grow with what the line holds (bandwidth × delay): what comes between a PING and its
 * answer shows whether the peer waits for windows.
 */
import { ConnectionError, ErrorCode } from './protocol.ts';
import type { Sender } from './sender.ts';
import { limits, type Stream } from './stream.ts';

/** Tells the answer to the PING of this room from that of keepalive. */
export const probeData: Buffer = Buffer.from('window\0\0', 'latin1');

export class ReceiveWindows {
  readonly #sender: Sender;
  #streamBytes: number = limits.streamWindowBytes;
  /** Received bytes of all streams that the peer has not been told to send again. */
  #unreleased = 0;
  /** Bytes since the PING that is not answered. */
  #probedBytes: number | undefined;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  open(stream: Stream): void {
    stream.receiveWindow = this.#streamBytes;
    stream.unreleased = 0;
  }

  /** Counts the payload of a DATA frame, padding and all. Throws FLOW_CONTROL_ERROR. */
  receive(stream: Stream | undefined, bytes: number): void {
    // All streams share the connection's window: it is given back whoever is slow.
    this.#unreleased += bytes;
    if (this.#unreleased >= limits.connectionWindowBytes / 2) {
      this.#sender.windowUpdate(0, this.#unreleased);
      this.#unreleased = 0;
    }
    if (this.#probedBytes !== undefined) this.#probedBytes += bytes;
    if (stream === undefined) return;
    stream.receiveWindow -= bytes;
    stream.unreleased += bytes;
    if (stream.receiveWindow >= 0) return;
    throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the window allows');
  }

  /** Lets the upstream send as much again as the stream has received, but for `kept` bytes. */
  release(stream: Stream, kept: number): void {
    const bytes = stream.unreleased - kept;
    if (bytes < this.#streamBytes / 2) return;
    stream.receiveWindow += bytes;
    stream.unreleased -= bytes;
    this.#sender.windowUpdate(stream.streamId, bytes);
    if (this.#probedBytes !== undefined || this.#streamBytes >= limits.maxStreamWindowBytes) return;
    this.#probedBytes = 0;
    this.#sender.ping(probeData, false);
  }

  /** The PING of `release` is answered. */
  onProbed(open: Iterable<Stream>): void {
    // The PING went out with half of a window given back, so the other half is what could come: two thirds of it came.
    const isFull = (this.#probedBytes ?? 0) >= this.#streamBytes / 3;
    this.#probedBytes = undefined;
    if (!isFull) return;
    const grown = Math.min(this.#streamBytes * 2, limits.maxStreamWindowBytes);
    for (const stream of open) stream.receiveWindow += grown - this.#streamBytes;
    this.#streamBytes = grown;
    this.#sender.streamWindow(grown);
  }
}
