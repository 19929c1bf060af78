/**
 * Bytes of hostile peers: whatever comes, the frame reader and the HPACK decoder refuse or go on, and how the bytes are cut
 * makes no difference. HTTP2_RUNS sets how often (a million for a release).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StatusError } from '../../src/status/status-error.ts';
import { FrameReader } from '../../src/upstream/http2/frame-reader.ts';
import { HpackDecoder } from '../../src/upstream/http2/hpack-decoder.ts';
import { HpackEncoder } from '../../src/upstream/http2/hpack-encoder.ts';
import { MessageReader } from '../../src/upstream/http2/message-reader.ts';
import { ConnectionError } from '../../src/upstream/http2/protocol.ts';

const numRuns = Number(process.env['HTTP2_RUNS'] ?? 3000);

/** What a reader makes of the bytes, given in pieces of these sizes: frames, and the error that ended it. */
function framesOf(bytes: Buffer, cuts: readonly number[]): unknown {
  const frames: unknown[] = [];
  const reader = new FrameReader((type, flags, streamId, payload, start, end) => {
    frames.push([type, flags, streamId, payload.toString('hex', start, end)]);
  });
  try {
    let offset = 0;
    for (const cut of [...cuts, bytes.length]) {
      reader.push(bytes.subarray(offset, offset + cut));
      offset += cut;
    }
  } catch (error) {
    assert.ok(error instanceof ConnectionError, String(error));
    return { frames, error: error.message };
  }
  return { frames };
}

const frame = fc
  .record({
    type: fc.integer({ min: 0, max: 12 }),
    flags: fc.integer({ min: 0, max: 255 }),
    streamId: fc.integer({ min: 0, max: 9 }),
    payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 4, maxLength: 8 })),
    wrongLength: fc.option(fc.integer({ min: 0, max: 2 ** 24 - 1 }), { freq: 20 }),
  })
  .map(({ type, flags, streamId, payload, wrongLength }) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(wrongLength ?? payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(streamId, 5);
    return Buffer.concat([head, payload]);
  });
const stream = fc.array(frame, { maxLength: 20 }).map((frames) => Buffer.concat(frames));
const cuts = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 30 });

test('frames are the same however their bytes are cut', () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, sizes) => {
      assert.deepEqual(framesOf(bytes, sizes), framesOf(bytes, []));
    }),
    { numRuns },
  );
});

test('any bytes are a header block or a compression error', () => {
  const decoder = new HpackDecoder(4096);
  const likely = fc.array(
    fc.oneof(fc.constantFrom(0x40, 0x82, 0xbe, 0xbf, 0x3f, 0x20, 0xff, 0x8c, 0x01, 0x00), fc.nat(255)),
  );
  fc.assert(
    fc.property(fc.oneof(likely, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      const block = Buffer.from(bytes);
      try {
        const list = decoder.decode(block, 0, block.length);
        assert.ok(list === undefined || list.every((text) => typeof text === 'string'));
      } catch (error) {
        assert.ok(error instanceof ConnectionError && error.code === 9, String(error));
      }
    }),
    { numRuns },
  );
});

test('what the encoder writes the decoder reads', () => {
  const ascii = fc.string({
    unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  });
  const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/);
  const call = fc.record({
    path: fc.constantFrom('/a/B', '/a/C', '/d/E'),
    timeout: fc.constantFrom('1m', '15000m'),
    metadata: fc.array(fc.tuple(name, ascii)),
  });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 10 }), (calls) => {
      const encoder = new HpackEncoder('https', 'a', 'b');
      const decoder = new HpackDecoder(1 << 20);
      for (const { path, timeout, metadata } of calls) {
        const entries = new Map(metadata);
        const block = encoder.encode({ path, timeout, metadata: entries });
        const list = decoder.decode(block, 0, block.length) ?? [];
        assert.equal(list[list.indexOf(':path') + 1], path);
        assert.deepEqual(list.slice(16), ['grpc-timeout', timeout, ...[...entries].flat()]);
      }
    }),
    { numRuns: numRuns / 10 },
  );
});

test('messages are the same however their bytes are cut', () => {
  const read = (bytes: Buffer, sizes: readonly number[]): unknown => {
    const messages: string[] = [];
    const reader = new MessageReader(100, (message) => messages.push(Buffer.from(message).toString('hex')));
    try {
      let offset = 0;
      for (const cut of [...sizes, bytes.length]) {
        const end = Math.min(bytes.length, offset + cut);
        reader.push(bytes, offset, end);
        offset = end;
      }
    } catch (error) {
      assert.ok(error instanceof StatusError);
      return { messages, error: error.message };
    }
    return { messages, isInside: reader.isInside };
  };
  const message = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.uint8Array({ maxLength: 120 })).map(([flag, payload]) => {
    const head = Buffer.of(flag === 2 ? 9 : 0, 0, 0, 0, payload.length);
    return Buffer.concat([head, payload]);
  });
  const messages = fc.array(
    fc.oneof(
      { weight: 9, arbitrary: message },
      fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(
      messages.map((parts) => Buffer.concat(parts)),
      cuts,
      (bytes, sizes) => {
        assert.deepEqual(read(bytes, sizes), read(bytes, []));
      },
    ),
    { numRuns },
  );
});
