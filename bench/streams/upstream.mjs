// A gRPC server in bytes for test.rooms.Rooms: sends as many messages as the call's `limit` says, counts what it gets, and does nothing else.
import { once } from 'node:events';
import { createServer } from 'node:http2';

const varint = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))]);
const field = (number, bytes) => Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]);

/** A message as gRPC frames it. */
function frame(message) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Counts the messages of a stream without keeping any; resolves at its end. */
async function countMessages(stream) {
  let head = Buffer.alloc(0);
  let left = 0;
  let count = 0;
  for await (const chunk of stream) {
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const step = Math.min(left, chunk.length - at);
        left -= step;
        at += step;
        continue;
      }
      const step = Math.min(5 - head.length, chunk.length - at);
      head = Buffer.concat([head, chunk.subarray(at, at + step)]);
      at += step;
      if (head.length < 5) continue;
      left = head.readUInt32BE(1);
      head = Buffer.alloc(0);
      count++;
    }
  }
  return count;
}

/** Resolves when the stream takes more, or never will. */
async function drained(stream) {
  const settled = new AbortController();
  const events = ['drain', 'close'].map((event) => once(stream, event, { signal: settled.signal }).catch(() => {}));
  await Promise.race(events);
  settled.abort();
}

/** Writes `count` times the same bytes, `perWrite` of them at once, no faster than they are taken. */
async function writeMany(stream, bytes, count, perWrite) {
  const batch = Buffer.concat(Array.from({ length: perWrite }, () => bytes));
  for (let written = 0; written < count && !stream.destroyed; written += perWrite) {
    const more = Math.min(perWrite, count - written);
    if (!stream.write(more === perWrite ? batch : batch.subarray(0, more * bytes.length))) {
      await drained(stream);
    }
  }
}

/** Resolves with `host:port` and what ends it. `sizes`: bytes of the text of a message, and of a piece of a download. */
export async function startUpstream({ textBytes, pieceBytes }) {
  const line = frame(field(2, Buffer.alloc(textBytes, 'x')));
  const piece = frame(field(2, Buffer.alloc(pieceBytes, 'x')));
  const methods = {
    Watch: async (stream, limit) => writeMany(stream, line, limit, 64),
    Play: async (stream, limit) => writeMany(stream, piece, limit, 1),
    // Its count as Room.limit.
    Collect: async (stream) => stream.write(frame(Buffer.from([16, ...varint(await countMessages(stream))]))),
    Record: async (stream) => void (await countMessages(stream)),
    Talk: async (stream) => {
      for await (const chunk of stream) if (!stream.write(chunk)) await drained(stream);
    },
    // Ten messages, a tenth of a second apart.
    Search: async (stream) => {
      for (let sent = 0; sent < 10 && !stream.destroyed; sent++) {
        stream.write(line);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
  const server = createServer({ settings: { initialWindowSize: 1 << 20, maxConcurrentStreams: 10_000 } });
  server.on('session', (session) => session.setLocalWindowSize(1 << 20));
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    await methods[headers[':path'].split('/').at(-1)](stream, Number(headers['x-count'])).catch(() => {});
    stream.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { target: `127.0.0.1:${server.address().port}`, close: () => server.close() };
}
