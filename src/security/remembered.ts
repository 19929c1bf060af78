/**
 * Credentials that were right a moment ago: verifying them again would cost a hundred times as much as knowing them. Kept by their HMAC under
 * a key of this process, so that no memory dump has them.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from './authenticator.ts';
import type { Identity } from './identity.ts';

const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 10_000;

export class Remembered {
  readonly #known: Map<string, { readonly identity: Identity; readonly until: number }> = new Map();
  readonly #secret: Buffer = randomBytes(32);
  readonly #elapsed: Clock['elapsed'];

  constructor(elapsed: Clock['elapsed']) {
    this.#elapsed = elapsed;
  }

  keyOf(credentials: string): string {
    return createHmac('sha256', this.#secret).update(credentials).digest('base64');
  }

  get(key: string): Identity | undefined {
    const found = this.#known.get(key);
    if (found === undefined || found.until > this.#elapsed()) return found?.identity;
    this.#known.delete(key);
    return undefined;
  }

  /** For a minute, or for less where they end earlier. */
  keep(key: string, identity: Identity, validMs: number = REMEMBERED_MS): void {
    if (validMs <= 0) return;
    for (const [oldest] of this.#known) {
      if (this.#known.size < MAX_REMEMBERED) break;
      this.#known.delete(oldest);
    }
    this.#known.set(key, { identity, until: this.#elapsed() + Math.min(validMs, REMEMBERED_MS) });
  }
}
