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

/** For each key its count and window in milliseconds. Gives whether the call is allowed, and for each key the calls and milliseconds left. */
const script = `
local used, allowed = {}, 1
for i, key in ipairs(KEYS) do
  used[i] = tonumber(redis.call('GET', key) or '0')
  if used[i] >= tonumber(ARGV[2 * i - 1]) then allowed = 0 end
end
local result = {allowed}
for i, key in ipairs(KEYS) do
  if allowed == 1 then used[i] = redis.call('INCR', key) end
  local left = redis.call('PTTL', key)
  if left < 0 then
    left = tonumber(ARGV[2 * i])
    if allowed == 1 then redis.call('PEXPIRE', key, left) end
  end
  result[2 * i] = math.max(0, tonumber(ARGV[2 * i - 1]) - used[i])
  result[2 * i + 1] = left
end
return result`;

type Client = Redis & { tandemTake(keyCount: number, ...keysAndNumbers: (string | number)[]): Promise<number[]> };

const START_MS = 1000;
const PROBE_EVERY_MS = 500;

export class ValkeyStore implements RateStore {
  readonly #options: StoreOptions;
  readonly #client: Client;
  /** What counts meanwhile; undefined when calls are to be refused then. */
  readonly #substitute: RateStore | undefined;
  #started: Promise<void> | undefined;
  #hasStarted = false;
  #isUp = false;
  #isLost = false;
  #isClosed = false;
  #tell: (change: StoreChange) => void = warnOf;
  #probe: NodeJS.Timeout | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#substitute = options.whenDown === 'allow' ? new MemoryStore() : undefined;
    this.#client = new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: START_MS,
      retryStrategy: () => PROBE_EVERY_MS * (0.5 + Math.random()),
    }) as Client;
    this.#client.defineCommand('tandemTake', { lua: script });
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

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#probe);
    this.#client.disconnect();
  }

  take(quotas: readonly Quota[]): Taken | Promise<Taken> {
    if (!this.#hasStarted) return this.start().then(() => this.take(quotas));
    if (!this.#isUp) return this.#takeWithout(quotas);
    return this.#ask(quotas).catch((error) => {
      this.#goDown(error);
      return this.#takeWithout(quotas);
    });
  }

  async #ask(quotas: readonly Quota[]): Promise<Taken> {
    // In braces what a cluster decides by: one script reaches only keys that are together.
    const keys = quotas.map(({ id, key }) => `{${this.#options.prefix}}:${id}:${key}`);
    const numbers = quotas.flatMap(({ count, windowMs }) => [count, windowMs]);
    const asked = this.#client.tandemTake(keys.length, ...keys, ...numbers);
    const [allowed, ...left] = await this.#inTime(asked, this.#options.timeout);
    const standings = quotas.map((_, index): Standing => {
      return { remaining: left[2 * index] ?? 0, resetMs: left[2 * index + 1] ?? 0 };
    });
    return { isAllowed: allowed === 1, standings };
  }

  #takeWithout(quotas: readonly Quota[]): Taken | Promise<Taken> {
    if (this.#substitute !== undefined) return this.#substitute.take(quotas);
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
      const meanwhile = this.#substitute === undefined ? 'calls are refused' : 'each process counts for itself';
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
