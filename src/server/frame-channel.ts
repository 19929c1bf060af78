/**
 * A WebSocket that was taken, as a call sees it: frames in, pulled; frames out, as fast as the client takes them; and its end.
 */
import { on } from 'node:events';
import type { WebSocket } from 'ws';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

/** Bytes on their way to a client after which the next message waits. */
const HIGH_WATER = 64 * 1024;
/** Of a close frame's reason (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123;
/** Close codes from here on are an application's own; `4000 + code` is the gRPC code of a call that failed. */
const FIRST_OWN_CODE = 4000;

/** The end of the iteration, and how many messages may wait; Node's types know neither. */
const pausing = { close: ['close'], highWaterMark: 1, lowWaterMark: 1 } as object;

type Message = [data: Buffer, isBinary: boolean];

export interface ChannelOptions {
  /** How often the client is pinged. */
  readonly heartbeatMs: number;
  /** The requests' messages are bytes rather than JSON. */
  readonly takesBytes: boolean;
  /** So are the replies'. */
  readonly sendsBytes: boolean;
}

export class FrameChannel {
  readonly #socket: WebSocket;
  readonly #options: ChannelOptions;
  readonly #messages: AsyncIterator<Message, void>;

  constructor(socket: WebSocket, options: ChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    // The client broke the protocol: ws closes, and `close` says the rest.
    socket.on('error', () => {});
    // Listens from now on; pauses the socket while a message waits to be taken.
    this.#messages = on(socket, 'message', pausing) as AsyncIterator<Message, void>;
    const timer = setInterval(() => socket.bufferedAmount === 0 && socket.ping(), options.heartbeatMs);
    socket.on('close', () => clearInterval(timer));
  }

  onClose(listener: () => void): void {
    this.#socket.on('close', listener);
  }

  /** The frames up to an empty one, which says that no more will come. */
  async *frames(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const frame = await this.frame();
      if (frame.length === 0) return;
      yield frame;
    }
  }

  /** The next frame. Rejects when there is none, or when it is of the wrong kind. */
  async frame(): Promise<Uint8Array> {
    const next = await this.#messages.next().catch((cause) => {
      throw new StatusError(GrpcCode.CANCELLED, 'the client broke the WebSocket protocol', { cause });
    });
    if (next.done) throw new StatusError(GrpcCode.CANCELLED, 'the client closed the WebSocket before an empty frame');
    const [data, isBinary] = next.value;
    if (!isBinary || this.#options.takesBytes || data.length === 0) return data;
    throw StatusError.invalidField('', 'the messages are JSON: send each in a text frame, not in a binary one');
  }

  /** Resolves when there is room for another. */
  send(data: Uint8Array): Promise<void> | undefined {
    const socket = this.#socket;
    const binary = this.#options.sendsBytes;
    if (socket.bufferedAmount + data.length < HIGH_WATER) return void socket.send(data, { binary });
    return new Promise((resolve) => socket.send(data, { binary }, () => resolve()));
  }

  /** Says how the call has ended, in the close frame; why it failed also in a last text frame, which has room for details. */
  close(failure: StatusError | undefined, text: string): void {
    if (failure !== undefined) this.#socket.send(text);
    void this.#messages.return?.();
    // What the client sends until it sees the close frame is read, and dropped: its own close frame is behind it.
    this.#socket.resume();
    if (failure === undefined) this.#socket.close(1000);
    else this.#socket.close(FIRST_OWN_CODE + failure.code, shortened(failure.message));
  }
}

/** As much of a text as a close frame has room for, whole characters. */
function shortened(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_REASON_BYTES) return text;
  let end = MAX_REASON_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}
