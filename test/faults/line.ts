/**
 * A TCP relay between a gateway and its upstream that can be as bad as a network.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export class Line {
  /** Pieces of no more bytes, with a pause after each. */
  slice: { readonly bytes: number; readonly pauseMs: number } | undefined;
  /** Connections are reset after about so many bytes of replies. */
  resetAfter: number | undefined;
  readonly #server = createServer((client) => this.#relay(client));
  readonly #upstreamPort: number;
  readonly #sockets = new Set<Socket>();
  readonly #silent = new WeakSet<Socket>();
  /** Connections that were reset. */
  resets = 0;

  private constructor(upstreamPort: number) {
    this.#upstreamPort = upstreamPort;
  }

  static async start(upstreamPort: number): Promise<Line> {
    const line = new Line(upstreamPort);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get target(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing passes any more over the connections that are there, and nobody is told. */
  silence(): void {
    for (const socket of this.#sockets) this.#silent.add(socket);
  }

  /** Ends the connections that are there. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.hangUp();
    await once(this.#server, 'close');
  }

  #relay(client: Socket): void {
    const upstream = connect(this.#upstreamPort, '127.0.0.1');
    let left = this.resetAfter === undefined ? Number.POSITIVE_INFINITY : this.resetAfter * (0.5 + Math.random());
    this.#pass(client, upstream);
    this.#pass(upstream, client, (bytes) => {
      left -= bytes;
      if (left > 0) return;
      this.resets++;
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    });
  }

  #pass(from: Socket, to: Socket, onPassed: (bytes: number) => void = () => {}): void {
    this.#sockets.add(from);
    const write = (bytes: Buffer): void => {
      if (this.#silent.has(from) || to.destroyed) return;
      if (!to.write(bytes)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
      onPassed(bytes.length);
    };
    from.on('data', (bytes) => {
      if (this.slice === undefined) write(bytes);
      else void slowly(from, bytes, this.slice, write);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!this.#silent.has(from)) to.destroy();
    });
  }
}

async function slowly(
  from: Socket,
  all: Buffer,
  { bytes, pauseMs }: NonNullable<Line['slice']>,
  write: (slice: Buffer) => void,
): Promise<void> {
  from.pause();
  for (let at = 0; at < all.length; at += bytes) {
    write(all.subarray(at, at + bytes));
    await sleep(pauseMs);
  }
  from.resume();
}
