/**
 * Counts in Valkey or Redis, shared by all gateways that name it. While it does not answer in time nobody waits for it: calls are decided
 * without it, and it is asked in the background whether it is back.
 */
import { Redis } from 'ioredis';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { MemoryStore } from './memory-store.ts';
import type { StoreOptions } from './options.ts';
import type { Quota, RateStore, Standing, StoreChange, Taken } from './rate-store.ts';
import { type Client, withScripts } from './valkey-scripts.ts';

const START_MS = 1000;
const PROBE_EVERY_MS = 500;

export class ValkeyStore implements RateStore {
  readonly #options: StoreOptions;
  readonly #client: Client;
  readonly #substitute: RateStore = new MemoryStore();
  #started: Promise<void> | undefined;
  #hasStarted = false;
  #isUp = false;
  #isLost = false;
  #isClosed = false;
  #tell: (change: StoreChange) => void = warnOf;
  #probe: NodeJS.Timeout | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
    const client = new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: START_MS,
      retryStrategy: () => PROBE_EVERY_MS * (0.5 + Math.random()),
    });
    this.#client = withScripts(client);
    // Whoever asks hears of it.
    this.#client.on('error', () => {});
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  onChange(listener: (change: StoreChange) => void): void {
    this.#tell = listener;
  }

  start(): Promise<void> {
    this.#started ??= this.#connect().finally(() => {
      this.#hasStarted = true;
    });
    return this.#started;
  }

  /** Waits for the first connection, but not long: a gateway serves without it. */
  async #connect(): Promise<void> {
    this.#client.connect().catch(() => {});
    const ready = new Promise<void>((resolve) => this.#client.once('ready', resolve));
    await this.#inTime(ready, START_MS).then(
      () => this.#goUp(),
      (error) => this.#goDown(error),
    );
  }

  /** What is given back is told before the connection ends. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#probe);
    const end = (): void => this.#client.disconnect();
    if (this.#isUp) void this.#inTime(this.#client.quit(), START_MS).then(end, end);
    else end();
  }

  take(quotas: readonly Quota[]): Taken | Promise<Taken> {
    if (this.#hasStarted && !this.#isUp) return this.#takeWithout(quotas);
    return this.#take(quotas);
  }

  async #take(quotas: readonly Quota[]): Promise<Taken> {
    const keys = quotas.map(({ id, key }) => this.keyOf(`${id}:${key}`));
    const numbers = quotas.flatMap(({ count, windowMs }) => [count, windowMs]);
    const answer = await this.ask((client) => client.tandemTake(keys.length, ...keys, ...numbers));
    if (answer === undefined) return this.#takeWithout(quotas);
    const [allowed, ...left] = answer;
    const standings = quotas.map((_, index): Standing => {
      return { remaining: left[2 * index] ?? 0, resetMs: left[2 * index + 1] ?? 0 };
    });
    return { isAllowed: allowed === 1, standings };
  }

  #takeWithout(quotas: readonly Quota[]): Taken | Promise<Taken> {
    return this.without(() => this.#substitute.take(quotas));
  }

  /** The name of a key of this store. */
  keyOf(name: string): string {
    // In braces what a cluster decides by: one script reaches only keys that are together.
    return `{${this.#options.prefix}}:${name}`;
  }

  /** The store's answer; undefined when it gives none in time, and from then on until it is back. */
  async ask<T>(question: (client: Client) => Promise<T>): Promise<T | undefined> {
    if (!this.#hasStarted) await this.start();
    if (!this.#isUp) return undefined;
    try {
      return await this.#inTime(question(this.#client), this.#options.timeout);
    } catch (error) {
      this.#goDown(error as Error);
      return undefined;
    }
  }

  /** Says what nobody waits for, if it can be said at all. */
  tell(message: (client: Client) => Promise<unknown>): void {
    message(this.#client).catch(() => {});
  }

  /** What a process does by itself while there is no answer. Throws UNAVAILABLE where that is nothing. */
  without<T>(byItself: () => T): T {
    if (this.#options.whenDown === 'allow') return byItself();
    throw new StatusError(GrpcCode.UNAVAILABLE, 'calls cannot be counted now; try again', {
      headers: [['retry-after', '1']],
    });
  }

  #goUp(): void {
    this.#isUp = true;
    if (this.#isLost) this.#tell({ isUp: true, message: `limits.store ${this.#address} is back` });
    this.#isLost = false;
  }

  #goDown(error: Error): void {
    if (this.#isClosed) return;
    if (!this.#isLost) {
      const meanwhile = this.#options.whenDown === 'refuse' ? 'calls are refused' : 'each process counts for itself';
      const message = `limits.store ${this.#address} is lost: ${error.message}; until it is back ${meanwhile}`;
      this.#tell({ isUp: false, message });
    }
    this.#isLost = true;
    this.#isUp = false;
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => void this.#askWhetherBack(), PROBE_EVERY_MS).unref();
  }

  /** Without what the URL says of a user. */
  get #address(): string {
    const { path, host, port } = this.#client.options;
    return path ?? `${host}:${port}`;
  }

  async #askWhetherBack(): Promise<void> {
    try {
      await this.#inTime(this.#client.ping(), this.#options.timeout);
      this.#goUp();
    } catch (error) {
      // A connection that is silent may never speak again.
      if (this.#client.status === 'ready') this.#client.disconnect(true);
      this.#goDown(error as Error);
    }
  }

  /** What has come meanwhile is read before it is too late, however long this process was busy. */
  #inTime<T>(work: Promise<T>, ms: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new Error(`no answer within ${ms} ms`));
      const timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), ms);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}

function warnOf({ isUp, message }: StoreChange): void {
  if (!isUp) process.emitWarning(message, { code: 'TANDEM_LIMITS' });
}
