/**
 * @module The one working buffer of all conversions. A conversion copies its input to the front of it and writes its output behind, so that
 * one typed array serves every read and write, runs of bytes move without a second buffer, and growing keeps every position valid.
 * Conversions are synchronous and never nest, so one buffer is enough.
 *
 * Modules that are hot keep `scratch` in a constant of their own: the engine folds that into compiled code, where it looks an import up
 * anew each time (measured: a quarter of the whole conversion).
 */

/** Bytes that may be written past a position without asking, and read past the end of the input. */
const margin = 256;

const smallest = 64 * 1024;
/**
 * A larger buffer is kept for the next large message, which would have to take fresh memory again, but is given back when none comes: a
 * single huge message must not pin its size for ever.
 */
const keptBytes = 8 * 1024 * 1024;
const keptMs = 1000;

/** The buffer, and what functions leave behind for their callers beside the position that they return. */
export interface Scratch {
  /** Replaced when it grows: read it anew after any call that writes. */
  bytes: Buffer;
  /** The same memory for unaligned reads and writes of several bytes. */
  view: DataView;
  /** Up to this position `margin` bytes may follow. */
  limit: number;
  /** Position in the input behind what was read last. */
  at: number;
  /** Halves of the 64-bit number that was read last, as int32. */
  low: number;
  high: number;
  /** A piece of the input: the string or group that was read last. */
  spanStart: number;
  spanEnd: number;
  /** Whether the JSON number that was read last has neither fraction nor exponent. */
  isWhole: boolean;
  /** Bytes that the length took which was written last. */
  lengthSize: number;
}

const first: Buffer = Buffer.alloc(smallest);

export const scratch: Scratch = {
  bytes: first,
  view: viewOf(first),
  limit: first.length - margin,
  at: 0,
  low: 0,
  high: 0,
  spanStart: 0,
  spanEnd: 0,
  isWhole: true,
  lengthSize: 1,
};

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Whether a large buffer was needed since the last look at it, and whether there is one to look at. */
let isLargeUsed = false;
let isLarge = false;

/** Once a second while there is a large buffer. No conversion is under way then: they are synchronous. */
function releaseUnused(): void {
  isLarge = isLargeUsed;
  isLargeUsed = false;
  if (isLarge) setTimeout(releaseUnused, keptMs).unref();
  else allocate(smallest);
}

function allocate(size: number): void {
  if (size > keptBytes && !isLarge) {
    isLarge = true;
    setTimeout(releaseUnused, keptMs).unref();
  }
  scratch.bytes = Buffer.allocUnsafeSlow(size);
  scratch.view = viewOf(scratch.bytes);
  scratch.limit = size - margin;
}

/** Makes room: after it, `margin` bytes may be written at `end`. What was written before `end` stays where it is. */
export function grow(end: number): void {
  const before = scratch.bytes;
  allocate(Math.max(end + margin, before.length * 2));
  before.copy(scratch.bytes, 0, 0, Math.min(before.length, end));
}

/** Puts the input at the front, followed by zeros, which no JSON text and no scan runs past. Returns where the output may begin. */
export function load(input: Uint8Array): number {
  const start = input.length + 16;
  if (start > scratch.limit) allocate(Math.max(smallest, input.length * 4) + margin);
  scratch.bytes.set(input, 0);
  scratch.bytes.fill(0, input.length, start);
  return start;
}

/** A copy of the output for the caller to keep. */
export function take(start: number, end: number): Buffer {
  const result = Buffer.allocUnsafe(end - start);
  scratch.bytes.copy(result, 0, start, end);
  if (end > keptBytes) isLargeUsed = true;
  return result;
}
