/** Counts and measures each call of one process, from the hooks that every call passes. */
import type { Gateway } from '../../gateway/gateway.ts';
import type { Rpc, RpcHooks, RpcOutcome } from '../../gateway/hooks.ts';
import { addWitness } from '../../gateway/witness.ts';
import { GrpcCode } from '../../status/code.ts';
import { Callers } from './callers.ts';
import { addDuration, at, increase } from './cell.ts';
import { Examples } from './examples.ts';
import { JsonSamples } from './json-samples.ts';
import { Steps } from './steps.ts';

export class Recorder implements RpcHooks {
  readonly steps: Steps;
  readonly callers: Callers;
  readonly examples: Examples;
  readonly #samples: JsonSamples;
  readonly #open: Set<Rpc> = new Set();

  constructor(gateway: Gateway, now: () => number = Date.now) {
    this.steps = new Steps(now);
    this.callers = new Callers(now);
    this.examples = new Examples(now, gateway.options.observability.analyticsMessages);
    this.#samples = new JsonSamples(gateway, now);
  }

  /** Calls that have begun and not ended. */
  get open(): number {
    return this.#open.size;
  }

  beforeBind(rpc: Rpc): void {
    this.#open.add(rpc);
    const witness = this.#samples.choose(rpc, () => this.steps.cell(rpc.method.fullName));
    if (witness !== undefined) addWitness(rpc, witness);
  }

  onEnd(rpc: Rpc, outcome: RpcOutcome): void {
    const { method } = rpc;
    const { error, durationMs } = outcome;
    this.#open.delete(rpc);
    const cell = this.steps.cell(method.fullName);
    // By name: an upstream may send a number that is no code.
    increase(cell, GrpcCode[error?.codeName ?? 'OK'], 1);
    increase(cell, at.messages, outcome.requestMessages + outcome.replyMessages);
    increase(cell, at.bytes, outcome.requestBytes + outcome.replyBytes);
    if (method.isClientStreaming || method.isServerStreaming) increase(cell, at.streams, 1);
    addDuration(cell, durationMs);
    this.callers.count(rpc, error !== undefined);
    if (error !== undefined) this.examples.keep(rpc, error, outcome);
  }
}
