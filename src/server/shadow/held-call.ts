/** A client's call while it is looked at: copies of its messages, and what they take of the memory that all may take. */
import type { Rpc, RpcOutcome } from '../../gateway/hooks.ts';
import type { Witness } from '../../gateway/witness.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import { messageOf } from '../../transcode/grpc-framing.ts';
import type { SkipReason } from './shadow-result.ts';

/** What is held of all calls together. */
export class HeldBytes {
  readonly maxMessageBytes: number;
  #left: number;

  constructor(maxBytes: number, maxMessageBytes: number) {
    this.#left = maxBytes;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** False when they would be too many. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  release(bytes: number): void {
    this.#left += bytes;
  }
}

interface Held {
  readonly bytes: Uint8Array;
  /** Undefined for a message that is in no frame. */
  readonly frameEncoding: string | undefined;
}

/** What a call holds besides its messages, about. */
const OVERHEAD_BYTES = 1024;

export class HeldCall implements Witness {
  readonly rpc: Rpc;
  /** As the call was sent upstream: with the caller's own headers and what says who calls. */
  metadata: Metadata = [];
  outcome: RpcOutcome | undefined;
  /** Why it is of no use. */
  skipped: SkipReason | undefined;
  readonly #memory: HeldBytes;
  readonly #onEnd: (call: HeldCall) => void;
  #hasFrames = false;
  #requestEncoding: string | undefined;
  #request: Held | undefined;
  #reply: Held | undefined;
  #heldBytes = 0;

  constructor(rpc: Rpc, memory: HeldBytes, onEnd: (call: HeldCall) => void) {
    this.rpc = rpc;
    this.#memory = memory;
    this.#onEnd = onEnd;
  }

  onSend({ metadata, frames }: Parameters<Witness['onSend']>[0]): void {
    this.metadata = metadata;
    this.#hasFrames = frames !== undefined;
    this.#requestEncoding = frames?.encoding;
    const bytes = metadata.reduce((sum, [name, value]) => sum + name.length + value.length, OVERHEAD_BYTES);
    this.#take(bytes);
  }

  onRequest(given: Uint8Array): void {
    this.#request = this.#held(given, this.#requestEncoding);
  }

  onReply(given: Uint8Array, encoding: string | undefined): void {
    this.#reply = this.#held(given, encoding);
  }

  onEnd(outcome: RpcOutcome): void {
    this.outcome = outcome;
    this.#onEnd(this);
  }

  /** It got as far as to be sent: a call that was refused before has nothing to repeat. */
  get wasSent(): boolean {
    return this.#request !== undefined || this.skipped !== undefined;
  }

  /** The messages, out of their frames. Throws for a frame that cannot be opened or whose message is too large. */
  get request(): Uint8Array {
    return this.#opened(this.#request);
  }

  /** Undefined where the call has failed. */
  get reply(): Uint8Array | undefined {
    return this.#reply && this.#opened(this.#reply);
  }

  /** Gives its memory back. To be called once it is done with. */
  release(): void {
    this.#memory.release(this.#heldBytes);
    this.#heldBytes = 0;
    this.#request = undefined;
    this.#reply = undefined;
  }

  #held(given: Uint8Array, encoding: string | undefined): Held | undefined {
    if (given.length > this.#memory.maxMessageBytes) this.skipped ??= 'size';
    if (!this.#take(given.length)) return undefined;
    return { bytes: given.slice(), frameEncoding: this.#hasFrames ? (encoding ?? 'identity') : undefined };
  }

  #take(bytes: number): boolean {
    if (this.skipped !== undefined) return false;
    if (!this.#memory.take(bytes)) {
      this.skipped = 'memory';
      return false;
    }
    this.#heldBytes += bytes;
    return true;
  }

  #opened(held: Held | undefined): Uint8Array {
    if (held === undefined) return new Uint8Array();
    if (held.frameEncoding === undefined) return held.bytes;
    const refuse = (): Error => new StatusError(GrpcCode.RESOURCE_EXHAUSTED, 'a message cannot be looked into');
    return messageOf(held.bytes, held.frameEncoding, this.#memory.maxMessageBytes, refuse);
  }
}
