/**
 * The addresses of an upstream: those that are written down, and those that DNS has for the names among them, asked again
 * at intervals and when a connection is lost. What was known stays while DNS does not answer.
 */
import type { Target } from '../target.ts';
import type { Clock } from './clock.ts';

/** Every address of a host name, IPv4 and IPv6. Rejects when it cannot be had. */
export type LookUp = (host: string) => Promise<readonly string[]>;

export interface ResolutionOptions {
  readonly lookUp: LookUp;
  readonly clock: Clock;
  /** Between two look-ups of a name that is well. */
  readonly refreshMs: number;
}

// However often connections are lost, and at first after a failure.
const minPauseMs = 1000;

type DnsTarget = Extract<Target, { kind: 'host' }>;

export class Resolution {
  /** Why DNS did not answer the last time; undefined when it did. */
  error: Error | undefined;
  readonly #targets: readonly Target[];
  readonly #names: readonly DnsTarget[];
  readonly #options: ResolutionOptions;
  readonly #found = new Map<Target, readonly Target[]>();
  #onChange: (() => void) | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #isAsking = false;
  #cancel: () => void = () => {};

  constructor(targets: readonly Target[], options: ResolutionOptions) {
    this.#targets = targets;
    this.#names = targets.filter(isDns);
    this.#options = options;
  }

  /** In the order in which they are written, and DNS gave them; each once. */
  get addresses(): readonly Target[] {
    const all = this.#targets.flatMap((target) => (isDns(target) ? (this.#found.get(target) ?? []) : [target]));
    return [...new Map(all.map((target) => [target.text, target])).values()];
  }

  /** Begins to ask; the listener is told whenever the addresses may have changed, or could not be had. */
  start(onChange: () => void): void {
    if (this.#names.length === 0) return;
    this.#onChange = onChange;
    void this.#ask();
  }

  /** Something is wrong with an address: asks again, soon. */
  refresh(): void {
    if (this.#isAsking || this.#onChange === undefined || this.#failures > 0) return;
    this.#askIn(Math.max(0, this.#lastAt + minPauseMs - this.#options.clock.now()));
  }

  stop(): void {
    this.#onChange = undefined;
    this.#cancel();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    this.#lastAt = this.#options.clock.now();
    const errors = await Promise.all(this.#names.map((target) => this.#askFor(target)));
    this.#isAsking = false;
    this.error = errors.find((error) => error !== undefined);
    this.#failures = this.error === undefined ? 0 : this.#failures + 1;
    if (this.#onChange === undefined) return;
    const { refreshMs } = this.#options;
    this.#askIn(this.#failures === 0 ? refreshMs : Math.min(refreshMs, minPauseMs * 2 ** (this.#failures - 1)));
    this.#onChange();
  }

  async #askFor(target: DnsTarget): Promise<Error | undefined> {
    try {
      const ips = await this.#options.lookUp(target.host);
      if (ips.length === 0) return new Error(`${target.host} has no address`);
      const found = ips.map((ip) => ({ ...target, ip, text: textOf(ip, target.port) }));
      this.#found.set(target, found);
    } catch (error) {
      return error as Error;
    }
  }

  #askIn(ms: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(ms, () => void this.#ask());
  }
}

function isDns(target: Target): target is DnsTarget {
  return target.kind === 'host' && target.isDns === true;
}

function textOf(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
