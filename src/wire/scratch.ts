/**
 * @module The one working buffer of all conversions. A conversion copies its input to the front of it and writes its output
 * behind, so that one typed array serves every read and write, runs of bytes move without a second buffer, and growing keeps
 * every position valid. Conversions are synchronous and never nest, so one buffer is enough.
 */

/** Bytes that may be written past a position without asking, and read past the end of the input. */
export const margin = 256;

/** Larger buffers are given back after use: a single huge message must not pin its size for ever. */
const keptBytes = 8 * 1024 * 1024;

/** The buffer. Replaced when it grows: read it anew after any call that writes. */
export let scratch: Buffer = Buffer.alloc(64 * 1024);
/** The same memory for unaligned reads and writes of several bytes. */
export let words: DataView = viewOf(scratch);
/** Up to this position `margin` bytes may follow. */
export let limit: number = scratch.length - margin;

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function allocate(size: number): void {
  scratch = Buffer.allocUnsafeSlow(size);
  words = viewOf(scratch);
  limit = size - margin;
}

/** Makes room: after it, `margin` bytes may be written at `end`. What was written before `end` stays where it is. */
export function grow(end: number): void {
  const before = scratch;
  allocate(Math.max(end + margin, before.length * 2));
  before.copy(scratch, 0, 0, Math.min(before.length, end));
}

/**
 * Puts the input at the front, followed by zeros, which no JSON text and no scan runs past. Returns where the output may begin.
 */
export function load(input: Uint8Array): number {
  const start = input.length + 16;
  if (start > limit) allocate(Math.max(64 * 1024, input.length * 4) + margin);
  scratch.set(input, 0);
  scratch.fill(0, input.length, start);
  return start;
}

/** A copy of the output for the caller to keep. */
export function take(start: number, end: number): Buffer {
  const result = Buffer.allocUnsafe(end - start);
  scratch.copy(result, 0, start, end);
  if (scratch.length > keptBytes) allocate(64 * 1024);
  return result;
}
