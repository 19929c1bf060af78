/**
 * The public keys of one issuer, from a URL or a file, and when to ask for them again.
 */
import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Clock } from './authenticator.ts';

/** At most one attempt in this time, whatever tokens name. */
const COOL_DOWN_MS = 30_000;
/** Older keys are asked for again, while they serve on. */
const FRESH_MS = 600_000;
/** An issuer that cannot be reached for so long may have withdrawn them. */
const MAX_AGE_MS = 86_400_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 2 ** 20;

type LocalKeys = (...parameters: Parameters<JWTVerifyGetKey>) => ReturnType<JWTVerifyGetKey>;

export class KeySource {
  #keys: LocalKeys | undefined;
  #loadedAt = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;
  #failure: unknown;
  readonly #load: () => Promise<unknown>;
  readonly #elapsed: Clock['elapsed'];

  constructor(load: () => Promise<unknown>, elapsed: Clock['elapsed']) {
    this.#load = load;
    this.#elapsed = elapsed;
  }

  /** The key that a token names. Throws UNAVAILABLE when there are none to look among. */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    const { errors } = await import('jose');
    if (this.#keys === undefined || this.#age > MAX_AGE_MS) await this.refresh();
    else if (this.#age > FRESH_MS) void this.refresh();
    const keys = this.#keys;
    if (keys === undefined || this.#age > MAX_AGE_MS) {
      throw new StatusError(GrpcCode.UNAVAILABLE, 'the keys that verify tokens cannot be had now', {
        cause: this.#failure,
      });
    }
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.refresh();
      // The issuer may have a new one.
      if (this.#keys === keys || this.#keys === undefined) throw error;
      return await this.#keys(header, token);
    }
  };

  /** Asks again, unless that was tried a moment ago; what it had stays when that fails. Never rejects. */
  refresh(): Promise<void> {
    if (this.#loading !== undefined) return this.#loading;
    const now = this.#elapsed();
    if (now - this.#triedAt < COOL_DOWN_MS) return Promise.resolve();
    this.#triedAt = now;
    this.#loading = this.#reload().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Why the last attempt failed; undefined when it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  get #age(): number {
    return this.#elapsed() - this.#loadedAt;
  }

  async #reload(): Promise<void> {
    try {
      const { createLocalJWKSet } = await import('jose');
      this.#keys = createLocalJWKSet((await this.#load()) as JSONWebKeySet);
      this.#loadedAt = this.#elapsed();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
  }
}

/** Reads a JSON Web Key Set from a file. */
export async function readKeys(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

/** Fetches a JSON Web Key Set: no redirects, 5 seconds, 1 MiB. */
export async function fetchKeys(url: string): Promise<unknown> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { redirect: 'manual', signal, headers: { accept: 'application/json' } });
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`${url} answers with more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}
