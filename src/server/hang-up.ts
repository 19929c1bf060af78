import type { Writable } from 'node:stream';
import type { CancelSignal } from '../upstream/transport.ts';

/**
 * Aborts when the client goes before it has the whole answer. An AbortController would do; making one costs more than all else that the
 * gateway does for a small request.
 */
export class HangUp implements CancelSignal {
  aborted = false;
  readonly reason: unknown = undefined;
  readonly #listeners: (() => void)[] = [];

  constructor({ raw }: { readonly raw: Writable }) {
    // Comes once; `once` would wrap the listener.
    raw.on('close', () => {
      if (!raw.writableFinished) this.abort();
    });
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.#listeners]) listener();
  }
}
