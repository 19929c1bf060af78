/** What passes a socket, kept as it passes. */
import type { Socket } from 'node:net';
import type { Piece } from './prepared-call.ts';

/** Bytes kept of one direction; a comparison shows messages, not files. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

export class SocketTap {
  sentBytes = 0;
  receivedBytes = 0;
  readonly #isKeeping: boolean;
  #sent: Piece[] = [];
  #received: Piece[] = [];
  readonly #before = { sent: [] as Uint8Array[], received: [] as Uint8Array[] };

  /** Watches a socket from its first byte on. Without `isKeeping` bytes are only counted. */
  constructor(socket: Socket, isKeeping: boolean) {
    this.#isKeeping = isKeeping;
    socket.on('data', (bytes: Buffer) => {
      this.receivedBytes += bytes.length;
      this.#keep(this.#received, bytes, this.receivedBytes);
    });
    const write = socket.write;
    socket.write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
      const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8';
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      this.sentBytes += bytes.length;
      this.#keep(this.#sent, bytes, this.sentBytes);
      return Reflect.apply(write, socket, [chunk, ...rest]);
    };
  }

  /** What has passed since the last time it was taken. */
  take(): { readonly sent: readonly Piece[]; readonly received: readonly Piece[] } {
    const taken = { sent: this.#sent, received: this.#received };
    this.#before.sent.push(...taken.sent.map(({ bytes }) => bytes));
    this.#before.received.push(...taken.received.map(({ bytes }) => bytes));
    this.#sent = [];
    this.#received = [];
    return taken;
  }

  /** What had passed when it was last taken. */
  get before(): { readonly sent: Uint8Array; readonly received: Uint8Array } {
    return { sent: Buffer.concat(this.#before.sent), received: Buffer.concat(this.#before.received) };
  }

  #keep(pieces: Piece[], bytes: Uint8Array, total: number): void {
    if (!this.#isKeeping || total > MAX_KEPT_BYTES) return;
    // Writers use their memory again.
    pieces.push({ atMs: performance.now(), bytes: Uint8Array.prototype.slice.call(bytes) });
  }
}
