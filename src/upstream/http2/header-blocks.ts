/**
 * Header blocks put together from HEADERS and the CONTINUATIONs behind it, and decoded.
 */
import { type HeaderList, HpackDecoder } from './hpack-decoder.ts';
import { ConnectionError, ErrorCode, Flag } from './protocol.ts';
import { limits } from './stream.ts';

/** Gets each whole block; `undefined` when its list is larger than is read. */
export type OnHeaderList = (streamId: number, list: HeaderList | undefined, isEnd: boolean) => void;

export class HeaderBlocks {
  readonly #decoder: HpackDecoder = new HpackDecoder(limits.headerListBytes);
  readonly #onList: OnHeaderList;
  #open: { readonly streamId: number; readonly isEnd: boolean; readonly parts: Buffer[]; bytes: number } | undefined;

  constructor(onList: OnHeaderList) {
    this.#onList = onList;
  }

  /** A block has begun: nothing but its CONTINUATION may follow. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  begin(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const isEnd = (flags & Flag.END_STREAM) !== 0;
    if (flags & Flag.END_HEADERS) this.#onList(streamId, this.#decoder.decode(bytes, start, end), isEnd);
    else this.#open = { streamId, isEnd, parts: [bytes.subarray(start, end)], bytes: end - start };
  }

  continue(flags: number, streamId: number, bytes: Buffer): void {
    const block = this.#open;
    if (block?.streamId !== streamId)
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'CONTINUATION of no header block');
    block.parts.push(bytes);
    block.bytes += bytes.length;
    if (block.bytes > limits.headerListBytes || block.parts.length > limits.headerFrames) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'a header block without end');
    }
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#open = undefined;
    this.#onList(streamId, this.#decoder.decode(Buffer.concat(block.parts), 0, block.bytes), block.isEnd);
  }
}
