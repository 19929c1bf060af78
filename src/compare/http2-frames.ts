/** The frames of a recorded HTTP/2 connection, for people to read. */

import type { Metadata } from '../transcode/exchange.ts';
import { FrameReader } from '../upstream/http2/frame-reader.ts';
import { HpackDecoder } from '../upstream/http2/hpack-decoder.ts';
import { unpadded } from '../upstream/http2/padding.ts';
import { Flag, FrameType } from '../upstream/http2/protocol.ts';
import type { Performed } from './prepared-call.ts';

export interface FrameView {
  /** Milliseconds since the call began. */
  readonly atMs: number;
  readonly direction: 'sent' | 'received';
  /** `HEADERS`, `DATA`; a number in hexadecimal for an unknown one. */
  readonly type: string;
  readonly streamId: number;
  /** `END_STREAM`, `END_HEADERS`, `ACK` … */
  readonly flags: readonly string[];
  /** With the frame's nine bytes of head. */
  readonly bytes: number;
  /** Of HEADERS: what the block says, decompressed. */
  readonly headers: Metadata | undefined;
  /** What the headers take without HPACK: each name and value with `: ` and a line's end. */
  readonly plainBytes: number | undefined;
}

const HEAD_BYTES = 9;
const MAX_LIST_BYTES = 1024 * 1024;
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const typeNames: ReadonlyMap<number, string> = new Map(Object.entries(FrameType).map(([name, type]) => [type, name]));

/** The frames of one call in the order of their time. */
export function framesOf({ before, sent, received, startMs }: Performed): readonly FrameView[] {
  const read = (direction: FrameView['direction'], earlier: Uint8Array, pieces: Performed['sent']): FrameView[] => {
    const reader = new DirectionReader(direction);
    reader.push(earlier, 0);
    reader.views.length = 0;
    for (const { atMs, bytes } of pieces) reader.push(bytes, atMs - startMs);
    return reader.views;
  };
  const views = [...read('sent', before.sent, sent), ...read('received', before.received, received)];
  return views.sort((a, b) => a.atMs - b.atMs);
}

class DirectionReader {
  readonly views: FrameView[] = [];
  readonly #direction: FrameView['direction'];
  readonly #hpack = new HpackDecoder(MAX_LIST_BYTES);
  readonly #frames = new FrameReader((...frame) => this.#onFrame(...frame));
  #block: Buffer[] = [];
  #atMs = 0;
  #preface: string;

  constructor(direction: FrameView['direction']) {
    this.#direction = direction;
    this.#preface = direction === 'sent' ? preface : '';
  }

  push(bytes: Uint8Array, atMs: number): void {
    this.#atMs = atMs;
    const skipped = Math.min(this.#preface.length, bytes.length);
    this.#preface = this.#preface.slice(skipped);
    this.#frames.push(Buffer.from(bytes.buffer, bytes.byteOffset + skipped, bytes.length - skipped));
  }

  #onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const headers = this.#headersOf(type, flags, bytes, start, end);
    this.views.push({
      atMs: this.#atMs,
      direction: this.#direction,
      type: typeNames.get(type) ?? `0x${type.toString(16)}`,
      streamId,
      flags: flagNames(type, flags),
      bytes: HEAD_BYTES + end - start,
      headers,
      plainBytes: headers?.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0),
    });
  }

  #headersOf(type: number, flags: number, bytes: Buffer, start: number, end: number): Metadata | undefined {
    if (type !== FrameType.HEADERS && type !== FrameType.CONTINUATION) return undefined;
    const [from, to] = type === FrameType.HEADERS ? blockOf(flags, bytes, start, end) : [start, end];
    this.#block.push(Buffer.from(bytes.subarray(from, to)));
    if ((flags & Flag.END_HEADERS) === 0) return undefined;
    const block = Buffer.concat(this.#block);
    this.#block = [];
    const list = this.#hpack.decode(block, 0, block.length) ?? [];
    return Array.from({ length: list.length / 2 }, (_, index) => [
      list[index * 2] as string,
      list[index * 2 + 1] as string,
    ]);
  }
}

function blockOf(flags: number, bytes: Buffer, start: number, end: number): readonly [number, number] {
  const [from, to] = unpadded(flags, bytes, start, end);
  return [flags & Flag.PRIORITY ? from + 5 : from, to];
}

function flagNames(type: number, flags: number): readonly string[] {
  const isAck = type === FrameType.SETTINGS || type === FrameType.PING;
  const names: [number, string][] = isAck
    ? [[Flag.ACK, 'ACK']]
    : [
        [Flag.END_STREAM, 'END_STREAM'],
        [Flag.END_HEADERS, 'END_HEADERS'],
        [Flag.PADDED, 'PADDED'],
        [Flag.PRIORITY, 'PRIORITY'],
      ];
  return names.filter(([bit]) => flags & bit).map(([, name]) => name);
}
