/**
 * Peers that break HTTP/2 in every way we know: the connection or the stream ends with the right code, the call with a
 * status, and the next call succeeds.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '../../src/status/status-error.ts';
import { ErrorCode } from '../../src/upstream/http2/protocol.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import type { CallOptions, Transport, TransportOptions } from '../../src/upstream/transport.ts';
import {
  emptyMessage,
  h2,
  literals,
  okTrailers,
  politeReply,
  type RawAct,
  type RawPeer,
  replyHeaders,
  startRawPeer,
} from '../upstreams/raw-peer.ts';

const options = (): CallOptions => ({ path: '/test.Test/Call', metadata: [], deadline: performance.now() + 5000 });
const settings = (id: number, value: number): number[] => [0, id, value >>> 24, value >>> 16, value >>> 8, value];
const times = (count: number, frame: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => frame));
const window = (bytes: number): number[] => [bytes >>> 24, bytes >>> 16, bytes >>> 8, bytes];

async function connect(
  t: TestContext,
  act: RawAct,
  more: { readonly greeting?: Buffer; readonly transport?: TransportOptions } = {},
): Promise<{ peer: RawPeer; transport: Transport }> {
  const peer = await startRawPeer(act, more.greeting);
  const transport = createHttp2Transport(parseTarget(peer.target), {
    reconnect: { minMs: 5, maxMs: 50 },
    ...more.transport,
  });
  t.after(async () => {
    await transport.close(AbortSignal.abort());
    await peer.close();
  });
  return { peer, transport };
}

async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    assert.ok(error instanceof StatusError, `not a StatusError: ${error}`);
    return error.codeName;
  }
}

async function codeSent(peer: RawPeer, type: number, codeOffset: number): Promise<number | undefined> {
  for (let tries = 0; tries < 100; tries++) {
    const frame = peer.frames.find((other) => other.type === type);
    if (frame !== undefined) return frame.payload.readUInt32BE(codeOffset);
    await sleep(5);
  }
  return undefined;
}

const { PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, COMPRESSION_ERROR, ENHANCE_YOUR_CALM } = ErrorCode;

// Sent in answer to the first call, which is stream 1.
const connectionRows: readonly (readonly [name: string, bytes: Buffer, code: ErrorCode])[] = [
  ['DATA of no stream', h2(0, 0, 0, [1]), PROTOCOL_ERROR],
  ['DATA of a stream that was never opened', h2(0, 0, 99, [1]), PROTOCOL_ERROR],
  ['HEADERS of no stream', h2(1, 4, 0, replyHeaders), PROTOCOL_ERROR],
  ["HEADERS of a stream of the peer's own", h2(1, 4, 2, replyHeaders), PROTOCOL_ERROR],
  ['HEADERS of a stream that was never opened', h2(1, 4, 3, replyHeaders), PROTOCOL_ERROR],
  ['DATA with more padding than payload', h2(0, 8, 1, [2, 0]), PROTOCOL_ERROR],
  ['DATA that is padded and empty', h2(0, 8, 1), PROTOCOL_ERROR],
  ['HEADERS with more padding than payload', h2(1, 12, 1, [9, 0]), PROTOCOL_ERROR],
  ['HEADERS too short for its priority', h2(1, 0x24, 1, [0, 0]), FRAME_SIZE_ERROR],
  ['PRIORITY of four bytes', h2(2, 0, 1, [0, 0, 0, 0]), FRAME_SIZE_ERROR],
  ['RST_STREAM of three bytes', h2(3, 0, 1, [0, 0, 0]), FRAME_SIZE_ERROR],
  ['RST_STREAM of no stream', h2(3, 0, 0, [0, 0, 0, 8]), PROTOCOL_ERROR],
  ['SETTINGS of five bytes', h2(4, 0, 0, [0, 0, 0, 0, 0]), FRAME_SIZE_ERROR],
  ['SETTINGS that acknowledge and set', h2(4, 1, 0, settings(3, 1)), FRAME_SIZE_ERROR],
  ['SETTINGS of a stream', h2(4, 0, 1), PROTOCOL_ERROR],
  ['SETTINGS that enable push', h2(4, 0, 0, settings(2, 1)), PROTOCOL_ERROR],
  ['SETTINGS with a window over 2^31-1', h2(4, 0, 0, settings(4, 2 ** 31)), FLOW_CONTROL_ERROR],
  ['SETTINGS with frames too small', h2(4, 0, 0, settings(5, 100)), PROTOCOL_ERROR],
  ['SETTINGS with frames too large', h2(4, 0, 0, settings(5, 2 ** 24)), PROTOCOL_ERROR],
  ['PUSH_PROMISE', h2(5, 4, 1, [0, 0, 0, 2, ...replyHeaders]), PROTOCOL_ERROR],
  ['PING of seven bytes', h2(6, 0, 0, [0, 0, 0, 0, 0, 0, 0]), FRAME_SIZE_ERROR],
  ['PING of a stream', h2(6, 0, 1, [0, 0, 0, 0, 0, 0, 0, 0]), PROTOCOL_ERROR],
  ['GOAWAY of seven bytes', h2(7, 0, 0, [0, 0, 0, 0, 0, 0, 0]), FRAME_SIZE_ERROR],
  ['GOAWAY of a stream', h2(7, 0, 1, [0, 0, 0, 0, 0, 0, 0, 0]), PROTOCOL_ERROR],
  ['WINDOW_UPDATE of three bytes', h2(8, 0, 0, [0, 0, 1]), FRAME_SIZE_ERROR],
  ['WINDOW_UPDATE by nothing', h2(8, 0, 0, [0, 0, 0, 0]), PROTOCOL_ERROR],
  ['WINDOW_UPDATE beyond 2^31-1', h2(8, 0, 0, window(2 ** 31 - 1)), FLOW_CONTROL_ERROR],
  ['WINDOW_UPDATE of a stream that was never opened', h2(8, 0, 7, window(1)), PROTOCOL_ERROR],
  ['CONTINUATION of nothing', h2(9, 4, 1, replyHeaders), PROTOCOL_ERROR],
  [
    'a header block that is interrupted',
    Buffer.concat([h2(1, 0, 1, [0]), h2(2, 0, 1, [0, 0, 0, 0, 0])]),
    PROTOCOL_ERROR,
  ],
  ['a header block that another stream goes on with', Buffer.concat([h2(1, 0, 1), h2(9, 4, 3)]), PROTOCOL_ERROR],
  ['CONTINUATION without end', Buffer.concat([h2(1, 0, 1), times(100, h2(9, 0, 1))]), ENHANCE_YOUR_CALM],
  [
    'a header block without end',
    Buffer.concat([h2(1, 0, 1), times(9, h2(9, 0, 1, Buffer.alloc(16_000)))]),
    ENHANCE_YOUR_CALM,
  ],
  ['HPACK index 0', h2(1, 4, 1, [0x80]), COMPRESSION_ERROR],
  ['HPACK index that is not in the table', h2(1, 4, 1, [0x80 | 62]), COMPRESSION_ERROR],
  ['HPACK name that is not in the table', h2(1, 4, 1, [0x40 | 62, 0]), COMPRESSION_ERROR],
  ['HPACK integer without end', h2(1, 4, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), COMPRESSION_ERROR],
  ['HPACK integer cut short', h2(1, 4, 1, [0xff, 0x80]), COMPRESSION_ERROR],
  ['HPACK string cut short', h2(1, 4, 1, [0, 5, 65]), COMPRESSION_ERROR],
  ['HPACK string that is missing', h2(1, 4, 1, [0]), COMPRESSION_ERROR],
  ['HPACK Huffman string with the end inside', h2(1, 4, 1, [0, 0x84, 255, 255, 255, 255]), COMPRESSION_ERROR],
  ['HPACK Huffman padding of zeros', h2(1, 4, 1, [0, 0x81, 0x00]), COMPRESSION_ERROR],
  ['HPACK table larger than allowed', h2(1, 4, 1, [0x3f, 0xe2, 0x1f]), COMPRESSION_ERROR],
  ['HPACK table size behind a header', h2(1, 4, 1, [0x88, 0x20]), COMPRESSION_ERROR],
  ['a frame of 16385 bytes', h2(0, 0, 1, Buffer.alloc(16_385)), FRAME_SIZE_ERROR],
  ['a flood of PING', times(10_001, h2(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])), ENHANCE_YOUR_CALM],
  ['a flood of SETTINGS', times(10_001, h2(4, 0, 0)), ENHANCE_YOUR_CALM],
  ['a flood of PRIORITY', times(10_001, h2(2, 0, 1, [0, 0, 0, 0, 0])), ENHANCE_YOUR_CALM],
  ['a flood of frames that are not known', times(10_001, h2(77, 0, 1)), ENHANCE_YOUR_CALM],
  ['a flood of empty DATA', Buffer.concat([h2(1, 4, 1, replyHeaders), times(10_001, h2(0, 0, 1))]), ENHANCE_YOUR_CALM],
];

describe('a peer that breaks the connection', { timeout: 60_000 }, () => {
  for (const [name, bytes, code] of connectionRows) {
    test(name, async (t) => {
      const { peer, transport } = await connect(t, (socket) => void socket.write(bytes));
      assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'UNAVAILABLE');
      assert.equal(await codeSent(peer, 7, 4), code);
      assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
      assert.equal(peer.connections, 2);
    });
  }

  test('more DATA than the window allows', async (t) => {
    const message = Buffer.concat([Buffer.of(0, 0, 0, 0x3f, 0xfb), Buffer.alloc(16_379)]);
    const bytes = Buffer.concat([h2(1, 4, 1, replyHeaders), times(40, h2(0, 0, 1, message))]);
    const { peer, transport } = await connect(t, (socket) => void socket.write(bytes));
    const iterator = transport.stream(options(), Uint8Array.of(1))[Symbol.asyncIterator]();
    await iterator.next();
    assert.equal(await codeSent(peer, 7, 4), FLOW_CONTROL_ERROR);
    assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
  });
});

const streamRows: readonly (readonly [name: string, bytes: Buffer, outcome: string, code: ErrorCode])[] = [
  ['a window of a stream widened by nothing', h2(8, 0, 1, window(0)), 'INTERNAL', PROTOCOL_ERROR],
  ['a window of a stream beyond 2^31-1', h2(8, 0, 1, window(2 ** 31 - 1)), 'INTERNAL', FLOW_CONTROL_ERROR],
  ['DATA before HEADERS', h2(0, 0, 1, emptyMessage), 'INTERNAL', ErrorCode.CANCEL],
  ['HEADERS without a status', h2(1, 4, 1, okTrailers), 'INTERNAL', ErrorCode.CANCEL],
  [
    'HEADERS in the middle',
    Buffer.concat([h2(1, 4, 1, replyHeaders), h2(1, 4, 1, replyHeaders)]),
    'INTERNAL',
    ErrorCode.CANCEL,
  ],
  [
    'a message of an unknown kind',
    Buffer.concat([h2(1, 4, 1, replyHeaders), h2(0, 0, 1, [7, 0, 0, 0, 0])]),
    'INTERNAL',
    ErrorCode.CANCEL,
  ],
  [
    'a message compressed in a way that was not offered',
    Buffer.concat([h2(1, 4, 1, replyHeaders), h2(0, 0, 1, [1, 0, 0, 0, 0])]),
    'INTERNAL',
    ErrorCode.CANCEL,
  ],
  [
    'a message that does not decompress',
    Buffer.concat([
      h2(1, 4, 1, Buffer.concat([replyHeaders, literals({ 'grpc-encoding': 'gzip' })])),
      h2(0, 0, 1, [1, 0, 0, 0, 1, 9]),
    ]),
    'INTERNAL',
    ErrorCode.CANCEL,
  ],
  [
    'a content type that is not gRPC',
    h2(1, 4, 1, literals({ ':status': '200', 'content-type': 'text/html' })),
    'UNKNOWN',
    ErrorCode.CANCEL,
  ],
  [
    'one header again and again (an HPACK bomb)',
    h2(1, 4, 1, Buffer.concat([literals({ ':status': '200' }), bomb(3000), Buffer.alloc(5000, 0x80 | 62)])),
    'RESOURCE_EXHAUSTED',
    ErrorCode.CANCEL,
  ],
];

function bomb(bytes: number): Buffer {
  const rest = bytes - 127;
  return Buffer.concat([Buffer.of(0x40, 1, 97, 127, (rest & 127) | 128, rest >> 7), Buffer.alloc(bytes, 98)]);
}

describe('a peer that breaks one stream', { timeout: 60_000 }, () => {
  for (const [name, bytes, outcome, code] of streamRows) {
    test(name, async (t) => {
      const { peer, transport } = await connect(t, (socket) => void socket.write(bytes));
      assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), outcome);
      assert.equal(await codeSent(peer, 3, 0), code);
      assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
      assert.equal(peer.connections, 1, 'the connection is still good');
    });
  }
});

const padded = (payload: Uint8Array): Buffer => Buffer.concat([Buffer.of(3), payload, Buffer.alloc(3)]);
const politeRows: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['padding and priority', Buffer.concat([
    h2(1, 0x2c, 1, padded(Buffer.concat([Buffer.alloc(5), replyHeaders]))), h2(0, 8, 1, padded(Buffer.from(emptyMessage))),
    h2(1, 0x0d, 1, padded(okTrailers)),
  ])], // biome-ignore format: frames
  ['informational answers', Buffer.concat([h2(1, 4, 1, literals({ ':status': '103' })), politeReply(1)])],
  ['header blocks in pieces', Buffer.concat([
    h2(1, 0, 1, replyHeaders.subarray(0, 3)), h2(9, 0, 1, replyHeaders.subarray(3, 9)), h2(9, 4, 1, replyHeaders.subarray(9)),
    h2(0, 0, 1, emptyMessage), h2(1, 1, 1, okTrailers.subarray(0, 1)), h2(9, 4, 1, okTrailers.subarray(1)),
  ])], // biome-ignore format: frames
  ['frames that are not known', Buffer.concat([h2(77, 255, 1, [1, 2]), politeReply(1)])],
  ['empty DATA', Buffer.concat([h2(1, 4, 1, replyHeaders), h2(0, 0, 1), h2(0, 0, 1, emptyMessage), h2(0, 0, 1), h2(1, 5, 1, okTrailers)])],
  ['frames of a stream that has ended', Buffer.concat([politeReply(1), h2(0, 0, 1, [9]), h2(8, 0, 1, window(1)), h2(3, 0, 1, window(8))])],
  ['a small header table', Buffer.concat([h2(4, 0, 0, settings(1, 0)), h2(4, 0, 0, settings(1, 4096)), politeReply(1)])],
]; // biome-ignore format: frames

describe('a peer that is odd and right', { timeout: 60_000 }, () => {
  for (const [name, bytes] of politeRows) {
    test(name, async (t) => {
      const { peer, transport } = await connect(t, (socket) => void socket.write(bytes));
      assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
      assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
      assert.equal(peer.connections, 1);
    });
  }

  test('one byte at a time', async (t) => {
    const { transport } = await connect(t, async (socket) => {
      for (const byte of politeReply(1)) {
        socket.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
    });
    assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
  });

  test('windows of one byte', async (t) => {
    const greeting = h2(4, 0, 0, settings(4, 1));
    const { peer, transport } = await connect(
      t,
      async (socket) => {
        for (let byte = 0; byte < 7; byte++) {
          await sleep(2);
          socket.write(h2(8, 0, 1, window(1)));
        }
        await sleep(10);
        socket.write(politeReply(1));
      },
      { greeting },
    );
    assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1, 2, 3))), 'OK');
    const data = peer.frames.filter(({ type }) => type === 0).map(({ payload }) => payload);
    assert.deepEqual(Buffer.concat(data), Buffer.from([0, 0, 0, 0, 3, 1, 2, 3]));
    assert.ok(data.every(({ length }) => length === 1));
  });

  test('GOAWAY that leaves a call out: it goes to the next connection', async (t) => {
    const { peer, transport } = await connect(t, (socket) => void socket.write(h2(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])));
    assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
    assert.equal(peer.connections, 2);
  });
});

describe('a peer that is no gRPC server at all', { timeout: 60_000 }, () => {
  const greetings: readonly (readonly [name: string, greeting: Buffer])[] = [
    ['HTTP/1.1', Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')],
    ['something before SETTINGS', h2(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])],
  ];
  for (const [name, greeting] of greetings) {
    test(name, async (t) => {
      const { peer, transport } = await connect(t, () => {}, { greeting });
      const message = `upstream ${peer.target} is unreachable: it does not speak HTTP/2`;
      await assert.rejects(transport.unary(options(), Uint8Array.of(1)), { codeName: 'UNAVAILABLE', message });
    });
  }

  for (const isAlive of [false, true]) {
    test(`a deadline doubts a peer that ${isAlive ? 'is there' : 'has gone silent'}`, async (t) => {
      const keepalive = { timeMs: 1_000_000, timeoutMs: 400 };
      const { transport, peer } = await connect(t, () => {}, { transport: { keepalive } });
      await transport.ready(AbortSignal.timeout(5000));
      await sleep(20);
      const first = transport.unary({ ...options(), deadline: performance.now() + 30 }, Uint8Array.of(1));
      assert.equal(await failureOf(first), 'DEADLINE_EXCEEDED');
      if (isAlive) assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
      await sleep(500);
      assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
      assert.equal(peer.connections, isAlive ? 1 : 2);
    });
  }

  test('keepalive finds a peer that has gone silent', async (t) => {
    const { transport } = await connect(t, () => {}, { transport: { keepalive: { timeMs: 40, timeoutMs: 400 } } });
    assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'UNAVAILABLE');
    assert.equal(await failureOf(transport.unary(options(), Uint8Array.of(1))), 'OK');
  });
});
