/**
 * A streamed answer as a Node stream: pulled by the socket, kept alive by heartbeats.
 */
import { Readable } from 'node:stream';
import type { HttpStreamReply } from '../transcode/exchange.ts';

/**
 * The chunks as a Readable. It asks for the next one only when the socket has room, so a slow reader slows the upstream; destroying it
 * ends the iteration, and with it the upstream call. After `heartbeatMs` of silence a heartbeat goes out, if the framing has one.
 */
export function streamBody({ chunks, heartbeat }: HttpStreamReply, heartbeatMs: number): Readable {
  const iterator = chunks[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  // A reader that has not taken the last one needs no other.
  const beat = (piece: Uint8Array): void => {
    if (body.readableLength === 0) body.push(piece);
  };
  const body = new Readable({
    highWaterMark: 0,
    read() {
      if (heartbeat !== undefined) timer ??= setInterval(() => beat(heartbeat), heartbeatMs);
      iterator.next().then(
        ({ done, value }) => {
          timer?.refresh();
          body.push(done ? null : value);
        },
        (error) => body.destroy(error),
      );
    },
    destroy(error, callback) {
      clearInterval(timer);
      Promise.resolve(iterator.return?.()).then(
        () => callback(error),
        () => callback(error),
      );
    },
  });
  return body;
}
