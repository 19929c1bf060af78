/** Many calls in blocks, the protocols in turn, so that whatever else the machine does meanwhile is shared by all. */
import { type Caller, createCaller } from './callers.ts';
import type { Performed, PreparedCall, Protocol } from './prepared-call.ts';

export interface BlockPlan {
  readonly calls: readonly PreparedCall[];
  /** Calls of each protocol that count. */
  readonly runs: number;
  /** Calls at a time. */
  readonly concurrency: number;
  /** Calls of each protocol before, which do not count. */
  readonly warmUp: number;
  readonly ca?: string | undefined;
}

/** One block of calls of one protocol. */
export interface Block {
  readonly protocol: Protocol;
  readonly isWarmUp: boolean;
  /** Milliseconds of each call that was answered as the first of its protocol was, be it by an error. */
  readonly durations: readonly number[];
  /** When each of them began, in milliseconds since the plan did. */
  readonly starts: readonly number[];
  /** Calls without an answer, or with another status than the first, and the first reason. */
  readonly failures: number;
  readonly failure: string | undefined;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** From the block's first call to its last answer. */
  readonly elapsedMs: number;
}

/** Told around each block, and waited for: CPU time is read there. */
export interface BlockObserver {
  onBegin(protocol: Protocol): Promise<void> | void;
  /** Returning false ends the plan. */
  onEnd(block: Block): Promise<boolean> | boolean;
}

/** Blocks per protocol: enough to be interleaved, few enough that a block's CPU time can be told. */
const BLOCKS = 10;
/** Of many calls blocks are more: somebody waits for news of them. */
const MAX_BLOCK_CALLS = 500;

/** One protocol's part. */
interface Lane {
  readonly protocol: Protocol;
  readonly callers: readonly Caller[];
  /** The status of the first answer: errors come sooner than answers, and are not of them. */
  status: string | undefined;
}

/**
 * Runs the plan. Connections are opened in the warm-up and kept. Ends early when all calls of a block fail that went well before: an upstream has
 * died, and what is there is readable.
 */
export async function runBlocks(plan: BlockPlan, observer: BlockObserver): Promise<void> {
  const lanes = plan.calls.map(
    ({ protocol, ...rest }): Lane => ({
      protocol,
      status: undefined,
      callers: Array.from({ length: plan.concurrency }, () =>
        createCaller({ protocol, ...rest } as PreparedCall, { isKeeping: false, ca: plan.ca }),
      ),
    }),
  );
  const startMs = performance.now();
  const size = Math.min(MAX_BLOCK_CALLS, Math.max(1, Math.ceil(plan.runs / BLOCKS)));
  const blocks = [
    plan.warmUp,
    ...Array.from({ length: Math.ceil(plan.runs / size) }, (_, index) => Math.min(size, plan.runs - index * size)),
  ];
  try {
    for (const [index, count] of blocks.entries()) {
      for (const lane of lanes) {
        const { protocol } = lane;
        await observer.onBegin(protocol);
        const block = await runBlock(lane, count, startMs);
        if (!(await observer.onEnd({ protocol, isWarmUp: index === 0, ...block }))) return;
        if (block.durations.length === 0 && lane.status !== undefined) return;
      }
    }
  } finally {
    await Promise.all(lanes.flatMap(({ callers }) => callers.map((caller) => caller.close())));
  }
}

async function runBlock(lane: Lane, count: number, planStartMs: number): Promise<Omit<Block, 'protocol' | 'isWarmUp'>> {
  const { callers } = lane;
  const bytes = (): readonly [number, number] => [
    callers.reduce((total, { sentBytes }) => total + sentBytes, 0),
    callers.reduce((total, { receivedBytes }) => total + receivedBytes, 0),
  ];
  const [sentBefore, receivedBefore] = bytes();
  const durations: number[] = [];
  const starts: number[] = [];
  let failures = 0;
  let failure: string | undefined;
  let left = count;
  const startMs = performance.now();
  const work = async (caller: Caller): Promise<void> => {
    while (left > 0) {
      left--;
      try {
        const { totalMs, startMs: callStartMs, reply } = await caller.call();
        const status = statusOf(reply);
        lane.status ??= status;
        if (status !== lane.status) throw new Error(`${status}, not ${lane.status} as before`);
        durations.push(totalMs);
        starts.push(callStartMs - planStartMs);
      } catch (error) {
        failures++;
        failure ??= error instanceof Error ? error.message : String(error);
      }
    }
  };
  await Promise.all(callers.map(work));
  const [sent, received] = bytes();
  return {
    durations,
    starts,
    failures,
    failure,
    sentBytes: sent - sentBefore,
    receivedBytes: received - receivedBefore,
    elapsedMs: performance.now() - startMs,
  };
}

/** `HTTP 200`, `gRPC 14`: as much as tells an answer from an error, without the schema. */
function statusOf(reply: Performed['reply']): string {
  if (reply.kind === 'grpc') return `gRPC ${reply.code}`;
  const { 'content-type': type = '', 'grpc-status': code } = Object.fromEntries(reply.headers);
  if (code !== undefined) return `gRPC ${code}`;
  if (!type.startsWith('application/grpc-web')) return `HTTP ${reply.status}`;
  // Its trailers stand at the end of the body.
  const body = Buffer.concat(reply.pieces.map(({ bytes }) => bytes));
  return `gRPC ${/grpc-status: ?(\d+)/.exec(body.toString('latin1', Math.max(0, body.length - 4096)))?.[1]}`;
}
