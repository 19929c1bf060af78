/**
 * The messages of a call's stream of requests, which can be sent once more from the first: to another connection, when the upstream has
 * not looked at the call.
 */

// What is kept for that, each message counted with what holding it costs.
const keptBytes = 64 * 1024;
const entryBytes = 64;

export class RequestMessages implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  #kept: Uint8Array[] = [];
  #size = 0;
  #canSendAgain = true;
  /** The message that is being waited for: by a sender that is still there, and perhaps by one that is not. */
  #next: Promise<IteratorResult<Uint8Array>> | undefined;

  constructor(messages: AsyncIterable<Uint8Array>) {
    this.#source = messages[Symbol.asyncIterator]();
  }

  /** All that was taken is still there. */
  get canSendAgain(): boolean {
    return this.#canSendAgain;
  }

  /** They need not be sent again: the upstream has begun to reply. */
  settle(): void {
    this.#canSendAgain = false;
  }

  /** Ends the source: nobody asks for more. */
  leave(): void {
    this.settle();
    this.#kept = [];
    this.#source.return?.().catch(() => {});
  }

  /** From the first one on. Of several that iterate the last one alone gets every message. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    let at = 0;
    return {
      next: () => {
        const value = this.#kept[at++];
        return value === undefined ? this.#take() : Promise.resolve({ done: false, value });
      },
    };
  }

  #take(): Promise<IteratorResult<Uint8Array>> {
    if (this.#next !== undefined) return this.#next;
    if (this.#canSendAgain) {
      this.#next = this.#keep();
      return this.#next;
    }
    this.#kept = [];
    return this.#source.next();
  }

  async #keep(): Promise<IteratorResult<Uint8Array>> {
    const result = await this.#source.next();
    // The end stays the next for whoever comes there, and so does a failure.
    if (result.done) return result;
    this.#next = undefined;
    this.#size += result.value.length + entryBytes;
    if (this.#size > keptBytes) this.#canSendAgain = false;
    else this.#kept.push(result.value);
    return result;
  }
}
