import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameWriter } from '../../../src/upstream/http2/frame-writer.ts';

test('the memory that frames are written to is shared with nobody', (t) => {
  const { poolSize } = Buffer;
  t.after(() => {
    Buffer.poolSize = poolSize;
  });
  // As large as newer versions of Node have it: whatever is smaller than half of it lies beside others.
  Buffer.poolSize = 1024 * 1024;
  Buffer.allocUnsafe(Buffer.poolSize);
  const writer = new FrameWriter();
  const other = Buffer.allocUnsafe(9).fill(1);
  writer.settingsAck();
  const taken = writer.take();
  assert.notEqual(taken.buffer, other.buffer);
  writer.reuse(taken);
  writer.settingsAck();
  assert.deepEqual([...writer.take()], [0, 0, 0, 4, 1, 0, 0, 0, 0]);
  assert.deepEqual([...other], Array(9).fill(1));
});
