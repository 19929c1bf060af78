/** Repeated calls over several protocols: how long they take, what they carry, and what they cost the gateway. */
import { fork } from 'node:child_process';
import type { PreparedCall, Protocol } from './prepared-call.ts';
import type { Block, BlockPlan } from './run-blocks.ts';
import type { WorkerMessage } from './run-worker.ts';
import { compareMedians, type MedianDifference, meanOf, type Summary, summarize } from './statistics.ts';

export interface Measured {
  readonly protocol: Protocol;
  /** Milliseconds of each call, in the order of their ends. */
  readonly durations: readonly number[];
  /** When each began, in milliseconds since the measurement did. */
  readonly starts: readonly number[];
  /** Undefined when no call was answered. */
  readonly summary: Summary | undefined;
  readonly failures: number;
  /** Why the first of them failed. */
  readonly failure: string | undefined;
  readonly callsPerSecond: number;
  readonly sentBytesPerCall: number;
  readonly receivedBytesPerCall: number;
  /**
   * Microseconds of CPU that this process, the gateway, used for each call, less what it used for a call that left the gateway out: an upstream may
   * run in here as well. Undefined where the gateway is another process.
   */
  readonly cpuPerCall: number | undefined;
  /** Microseconds by which it may be more or less in 95 of 100 repetitions: told by its blocks. Undefined with fewer than two. */
  readonly cpuMargin: number | undefined;
}

/** Microseconds of CPU of the gateway for a call over the second protocol, less those over the first. */
export interface CpuDifference extends MedianDifference {
  readonly protocols: readonly [Protocol, Protocol];
}

export interface Measurement {
  readonly runs: number;
  readonly concurrency: number;
  readonly measured: readonly Measured[];
  /** The median of each protocol but the first, beside the first one's. */
  readonly differences: readonly (MedianDifference & { readonly protocols: readonly [Protocol, Protocol] })[];
  /** Of those whose CPU is known the second and all further ones, beside the first. */
  readonly cpuDifferences: readonly CpuDifference[];
  /** Stopped before its end: what is there counts. */
  readonly isStopped: boolean;
  /** Why it ended by itself before its end. */
  readonly problem: string | undefined;
}

export interface MeasureOptions extends Omit<BlockPlan, 'calls'> {
  readonly calls: readonly PreparedCall[];
  /** The gateway runs in this process: its CPU time is measured. */
  readonly isOwnGateway: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told of each block that counts, and how many calls of all protocols have been made. */
  readonly onProgress?: (done: number, block: Block) => void;
}

/** Rejects when the calls could not be made at all; calls that fail are counted. */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { calls, isOwnGateway, signal, onProgress, ...plan } = options;
  const tally = new Tally(options);
  const worker = fork(new URL('./run-worker.js', import.meta.url), {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the process that makes the calls ended with ${code}`)));
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'done') {
          if (message.failure === undefined) resolve();
          else reject(new Error(message.failure));
        }
        if (message.kind === 'begin') tally.begin();
        if (message.kind === 'end') {
          tally.end(message.block);
          if (!message.block.isWarmUp) onProgress?.(tally.done, message.block);
        }
        worker.send(signal?.aborted !== true);
      });
      worker.send({ ...plan, calls });
      // The block that is being run may have long to go.
      signal?.addEventListener('abort', () => resolve());
    });
  } finally {
    worker.removeAllListeners();
    worker.on('error', () => {});
    worker.kill();
  }
  return tally.result();
}

class Tally {
  done = 0;
  readonly #options: MeasureOptions;
  readonly #blocks = new Map<Protocol, { readonly block: Block; readonly cpuMicros: number }[]>();
  #cpu: NodeJS.CpuUsage = process.cpuUsage();
  #problem: string | undefined;

  constructor(options: MeasureOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#cpu = process.cpuUsage();
  }

  end(block: Block): void {
    const { user, system } = process.cpuUsage(this.#cpu);
    if (block.isWarmUp) return;
    this.done += block.durations.length + block.failures;
    if (block.failure !== undefined) this.#problem = `${block.protocol}: ${block.failure}`;
    const blocks = this.#blocks.get(block.protocol) ?? [];
    this.#blocks.set(block.protocol, [...blocks, { block, cpuMicros: user + system }]);
  }

  result(): Measurement {
    const { runs, concurrency, calls, signal } = this.#options;
    const measured = calls.map(({ protocol }) => this.#measured(protocol));
    const [first, ...others] = measured.filter(({ durations }) => durations.length > 0);
    const differences = others.map((other) => ({
      protocols: [first?.protocol as Protocol, other.protocol] as const,
      ...compareMedians(first?.durations ?? [], other.durations),
    }));
    const isStopped = signal?.aborted === true;
    const isWhole = this.done >= runs * calls.length;
    return {
      runs,
      concurrency,
      measured,
      differences,
      cpuDifferences: this.#cpuDifferences(measured),
      isStopped,
      problem: isStopped || isWhole ? undefined : this.#problem,
    };
  }

  #measured(protocol: Protocol): Measured {
    const seen = this.#blocks.get(protocol) ?? [];
    const blocks = seen.map(({ block }) => block);
    const durations = blocks.flatMap((block) => block.durations);
    const total = (of: (block: Block) => number): number => blocks.reduce((sum, block) => sum + of(block), 0);
    const answered = durations.length || 1;
    const { mean, margin } = meanOf(this.#cpuOf(protocol).filter(Number.isFinite));
    const hasCpu = !Number.isNaN(mean);
    return {
      protocol,
      durations,
      starts: blocks.flatMap((block) => block.starts),
      summary: durations.length === 0 ? undefined : summarize(durations),
      failures: total(({ failures }) => failures),
      failure: blocks.find(({ failure }) => failure !== undefined)?.failure,
      callsPerSecond: (durations.length / (total(({ elapsedMs }) => elapsedMs) || 1)) * 1000,
      sentBytesPerCall: total(({ sentBytes }) => sentBytes) / answered,
      receivedBytesPerCall: total(({ receivedBytes }) => receivedBytes) / answered,
      cpuPerCall: hasCpu ? Math.max(0, mean) : undefined,
      cpuMargin: hasCpu ? margin : undefined,
    };
  }

  /** By rounds of blocks: what else the process does in one is shared by all its protocols. */
  #cpuDifferences(measured: readonly Measured[]): readonly CpuDifference[] {
    const [first, ...others] = measured.filter(({ cpuPerCall }) => cpuPerCall !== undefined);
    if (first === undefined) return [];
    const base = this.#cpuOf(first.protocol);
    return others.flatMap(({ protocol }) => {
      const more = this.#cpuOf(protocol).map((micros, round) => micros - (base[round] ?? Number.NaN));
      const { mean, margin } = meanOf(more.filter(Number.isFinite));
      if (margin === undefined) return [];
      const [low, high] = [mean - margin, mean + margin];
      const isSeen = low > 0 || high < 0;
      return [{ protocols: [first.protocol, protocol] as const, difference: mean, low, high, isSeen }];
    });
  }

  /** Microseconds of the gateway for a call, in each round; NaN where they cannot be told. */
  #cpuOf(protocol: Protocol): readonly number[] {
    const isCosting = this.#options.isOwnGateway && !['grpc-direct', 'grpc-against'].includes(protocol);
    if (!isCosting) return [];
    const outside = this.#options.calls.some((call) => call.protocol === 'grpc-direct')
      ? this.#microsOf('grpc-direct')
      : undefined;
    return this.#microsOf(protocol).map((micros, round) =>
      outside === undefined ? micros : micros - (outside[round] ?? Number.NaN),
    );
  }

  /** Microseconds of this process while a call of a protocol was made, in each round. */
  #microsOf(protocol: Protocol): readonly number[] {
    const seen = this.#blocks.get(protocol) ?? [];
    return seen.map(({ block, cpuMicros }) => cpuMicros / (block.durations.length || Number.NaN));
  }
}
