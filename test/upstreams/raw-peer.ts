/**
 * A TCP server that speaks HTTP/2 byte by byte, for what no HTTP/2 library would send. Its first connection does what the
 * test says; all others answer every call politely with one empty message.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** What the first connection does when the first call's HEADERS have come. */
export type RawAct = (socket: Socket, streamId: number) => void | Promise<void>;

export interface RawPeer {
  readonly target: string;
  /** Frames that the client sent on its first connection. */
  readonly frames: readonly RawFrame[];
  /** Connections so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** One frame. */
export function h2(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array | readonly number[] = [],
): Buffer {
  const frame = Buffer.alloc(9 + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(streamId, 5);
  frame.set(payload, 9);
  return frame;
}

/** A header block of literals that touch no table. */
export function literals(headers: Readonly<Record<string, string>>): Buffer {
  const string = (text: string): Buffer => {
    if (text.length < 127) return Buffer.from([text.length, ...Buffer.from(text, 'latin1')]);
    const rest = text.length - 127;
    return Buffer.concat([
      Buffer.from([127, (rest & 127) | 128, (rest >> 7) | 128, rest >> 14]),
      Buffer.from(text, 'latin1'),
    ]);
  };
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.of(0), string(name), string(value)]));
}

export const replyHeaders: Buffer = literals({ ':status': '200', 'content-type': 'application/grpc' });
export const okTrailers: Buffer = literals({ 'grpc-status': '0' });
/** An empty message. */
export const emptyMessage: readonly number[] = [0, 0, 0, 0, 0];

/** Headers, an empty message, OK. */
export function politeReply(streamId: number): Buffer {
  return Buffer.concat([
    h2(1, 4, streamId, replyHeaders),
    h2(0, 0, streamId, emptyMessage),
    h2(1, 5, streamId, okTrailers),
  ]);
}

/** Starts one on a free port of 127.0.0.1. `greeting` is what the first connection begins with instead of SETTINGS. */
export async function startRawPeer(act: RawAct, greeting: Buffer = h2(4, 0, 0)): Promise<RawPeer> {
  const frames: RawFrame[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const isFirst = connections === 0;
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.write(isFirst ? greeting : h2(4, 0, 0));
    let hasActed = false;
    readFrames(socket, (frame) => {
      if (isFirst) frames.push(frame);
      if (frame.type === 4 && (frame.flags & 1) === 0) socket.write(h2(4, 1, 0));
      if (frame.type !== 1) return;
      if (isFirst && !hasActed) void act(socket, frame.streamId);
      else socket.write(politeReply(frame.streamId));
      hasActed = true;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    frames,
    get connections() {
      return connections;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function readFrames(socket: Socket, onFrame: (frame: RawFrame) => void): void {
  const prefaceBytes = 24;
  let rest = Buffer.alloc(0);
  let isOpen = false;
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (!isOpen && rest.length >= prefaceBytes) {
      rest = rest.subarray(prefaceBytes);
      isOpen = true;
    }
    while (isOpen && rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      onFrame({
        type: rest.readUInt8(3),
        flags: rest.readUInt8(4),
        streamId: rest.readUInt32BE(5),
        payload: rest.subarray(9, end),
      });
      rest = rest.subarray(end);
    }
  });
}
