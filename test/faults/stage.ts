/**
 * What a fault happens on: a ledger, upstreams, a gateway before them and a load, all of which end with it.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import type { ScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { type Allowed, type Figures, Ledger } from './ledger.ts';
import {
  type LedgerUpstreamOptions,
  readBook,
  startLedgerUpstream,
  startUpstreamProcess,
  type UpstreamProcess,
} from './ledger-upstream.ts';
import { Load, type LoadOptions } from './load.ts';

/** A fault, and what it must not do. */
export interface Fault {
  readonly name: string;
  /** Takes too long for every run of the tests. */
  readonly isLong?: boolean;
  /** Fails when a goal is missed. */
  readonly run: (stage: Stage) => Promise<Finding>;
}

export interface Finding extends Partial<Figures> {
  /** What was measured besides. */
  readonly note: string;
}

export type UpstreamInput = Exclude<NonNullable<TandemOptions['upstreams']>[number], string>;

export class Stage {
  readonly ledger: Ledger = new Ledger();
  /** How often, or how long, a fault is repeated beside the shortest run. */
  readonly scale: number;
  readonly folder: string = mkdtempSync(join(tmpdir(), 'tandem-faults-'));
  readonly #endings: (() => unknown)[] = [];

  constructor(scale: number) {
    this.scale = scale;
  }

  /** Done at the end, the last first. */
  after(ending: () => unknown): void {
    this.#endings.push(ending);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.reverse()) await ending();
    rmSync(this.folder, { recursive: true });
  }

  async upstream(options: LedgerUpstreamOptions = {}): Promise<ScriptedUpstream> {
    const upstream = await startLedgerUpstream(this.ledger.record, options);
    this.after(() => upstream.close());
    return upstream;
  }

  async upstreamProcess(port = 0): Promise<UpstreamProcess> {
    const upstream = await startUpstreamProcess(this.#book, port);
    this.after(() => upstream.kill());
    return upstream;
  }

  /** A gateway in this process, with one upstream. */
  async gateway(upstream: UpstreamInput, options: TandemOptions = {}): Promise<RunningServer> {
    const upstreams = [{ ...moreRetries, ...upstream }];
    const limits = { drain: '1s' };
    const server = await startServer({ protos: [proto], upstreams, listen: { port: 0 }, limits, ...options });
    this.after(() => server.close());
    await until(() => server.gateway.readiness().isReady, 'the gateway is ready');
    return server;
  }

  load(url: string, options: LoadOptions = {}): Load {
    const load = new Load(url, this.ledger, options);
    this.after(() => load.stop());
    return load;
  }

  /** Waits until so many more calls have succeeded. */
  async succeed(calls: number): Promise<void> {
    const { ledger } = this;
    // However long they take, as long as there are more and more.
    for (const enough = ledger.succeeded + calls; ledger.succeeded < enough; ) {
      const before = ledger.succeeded;
      await until(() => ledger.succeeded > before, 'one more call succeeds');
    }
  }

  /** Holds the ledger against what upstreams did. */
  balance(allowed: Allowed = {}): Figures {
    if (existsSync(this.#book)) this.ledger.executions.push(...readBook(this.#book));
    return this.ledger.balance(allowed);
  }

  get #book(): string {
    return join(this.folder, 'book');
  }
}

export const proto = 'test/protos/ledger.proto';

/** A budget for all calls that a load has open: when a connection breaks, all on it fail at once. */
export const moreRetries: { readonly retry: UpstreamInput['retry'] & {} } = {
  retry: { retryThrottling: { maxTokens: 100 } },
};

/**
 * What may fail when a connection is lost: what is not known to be good to do twice, streams, and reads whose reply had begun. Of those
 * headers had come without their message, which is rare; by gRPC's rules they are not tried again (gRFC A6).
 */
export const butMostReads: Allowed = { read: [503], write: [503], watch: [503], upload: [503] };

/** At most so many reads may have failed as `butMostReads` says. */
export function assertFewReads({ failures }: Figures, most: number): void {
  const failed = failures.get('read 503') ?? 0;
  assert.ok(failed <= most, `${failed} reads failed`);
}

/** Waits for what must come, however slow the machine is. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 20_000; !(await isSo()); await sleep(2))
    assert.ok(performance.now() < end, `in vain: ${what}`);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 100 ? 3 : 1)} s`;
