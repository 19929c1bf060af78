/**
 * @module Shadow mode: a share of real calls is made once more, in another way, and the answers are compared. All of it happens beside the
 * client's call, which neither waits for it nor hears of it; what there is no room for is dropped and counted. Loaded only where it is on.
 */
import type { FastifyBaseLogger } from 'fastify';
import { createCodec } from '../../codec/create-codec.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Rpc } from '../../gateway/hooks.ts';
import type { Options } from '../../gateway/options.ts';
import { readTlsFiles } from '../../gateway/tls-files.ts';
import { addWitness } from '../../gateway/witness.ts';
import { type Problem, SchemaError } from '../../schema/problem.ts';
import { codeName } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { createUpstream } from '../../upstream/create-upstream.ts';
import type { Transport } from '../../upstream/transport.ts';
import { BoundedWork } from './bounded-work.ts';
import { compareAnswers, isMomentary } from './compare-answers.ts';
import { DifferenceLog } from './difference-log.ts';
import { HeldBytes, HeldCall } from './held-call.ts';
import { fieldMatcher } from './named-fields.ts';
import { errorAnswer, okAnswer, type RepeatContext, repeatCall, SHADOW_HEADER } from './repeat-call.ts';
import { repeatableMethods } from './repeatable-methods.ts';
import type { ShadowProtocol, ShadowResult, SkipReason } from './shadow-result.ts';

export type ShadowOptions = NonNullable<Options['shadow']>;

export interface ShadowContext {
  readonly gateway: Gateway;
  readonly log: FastifyBaseLogger;
  readonly onResult: (result: ShadowResult) => void;
}

/** Begins to repeat calls of the gateway's current generation. What it gives ends that. Rejects with SchemaError for files of TLS that are none. */
export async function startShadow(options: ShadowOptions, context: ShadowContext): Promise<() => Promise<void>> {
  const upstream = await connect(options, context.gateway);
  const shadow = new Shadow(options, context, upstream);
  const remove = context.gateway.addHooks({ beforeBind: (rpc) => shadow.choose(rpc) });
  return async () => {
    remove();
    shadow.stop();
    await upstream?.close(AbortSignal.abort());
  };
}

async function connect({ upstream }: ShadowOptions, { options }: Gateway): Promise<Transport | undefined> {
  if (upstream === undefined) return undefined;
  const problems: Problem[] = [];
  const { serverName, ca, cert, key } = upstream.tls ?? {};
  const files = readTlsFiles({ ca, cert, key }, 'shadow.upstream.tls', problems);
  const tls = { ...files, ...(serverName !== undefined && { serverName }) };
  if (problems.length > 0) throw new SchemaError(problems);
  const { transport } = await createUpstream({
    target: upstream.target,
    maxReplyBytes: options.limits.replyBytes,
    maxRequestBytes: Number.MAX_SAFE_INTEGER,
    ...(upstream.tls && { tls }),
  });
  return transport;
}

class Shadow {
  readonly #options: ShadowOptions;
  readonly #onResult: ShadowContext['onResult'];
  readonly #repeatable: ReturnType<typeof repeatableMethods>;
  readonly #repeat: RepeatContext;
  readonly #work: BoundedWork;
  readonly #log: DifferenceLog;
  readonly #isIgnored: ReturnType<typeof fieldMatcher>;
  readonly #memory: HeldBytes;
  readonly #ended = new AbortController();

  constructor(options: ShadowOptions, { gateway, log, onResult }: ShadowContext, upstream: Transport | undefined) {
    const { concurrency, queue, timeout: timeoutMs, messageBytes, memoryBytes, ignore } = options;
    this.#options = options;
    this.#onResult = onResult;
    this.#repeatable = repeatableMethods(gateway, options);
    this.#work = new BoundedWork(concurrency, queue);
    this.#log = new DifferenceLog(log, options);
    this.#isIgnored = fieldMatcher(ignore);
    this.#memory = new HeldBytes(memoryBytes, messageBytes);
    const other = upstream && { transport: upstream, timeoutMs };
    this.#repeat = {
      gateway,
      codec: createCodec(gateway.generation.schema, { unknownAny: 'base64' }),
      targetOf: (service) => other ?? gateway.targetOf(service),
      timeoutMs,
      signal: this.#ended.signal,
    };
  }

  /** Has one in so many calls looked at, but none that a gateway before this one repeats. */
  choose(rpc: Rpc): void {
    if (!this.#repeatable.has(rpc.method) || Math.random() * 100 >= this.#options.percent) return;
    if (rpc.request.headers[SHADOW_HEADER] !== undefined) return;
    addWitness(rpc, new HeldCall(rpc, this.#memory, (call) => this.#take(call)));
  }

  /** Calls in flight are cancelled, those that wait are dropped. */
  stop(): void {
    this.#ended.abort();
  }

  /** The client's call has ended. */
  #take(call: HeldCall): void {
    const { error } = call.outcome ?? {};
    if (error !== undefined && isMomentary(codeName(error.code))) call.skipped ??= 'failed_call';
    if (call.wasSent && call.skipped === undefined && this.#work.add(() => this.#compare(call))) return;
    if (call.wasSent) this.#skip(call, call.skipped ?? 'queue');
    call.release();
  }

  /** Never rejects. */
  async #compare(call: HeldCall): Promise<void> {
    try {
      if (!this.#ended.signal.aborted) await this.#repeatAndCompare(call);
    } catch (error) {
      this.#skip(call, 'unsuitable');
      // Its message and stack may hold what a client has sent.
      const { name } = error as Error;
      if (!(error instanceof StatusError)) this.#log.failed({ rpc: call.rpc.method.fullName, error: name });
    } finally {
      call.release();
    }
  }

  async #repeatAndCompare(held: HeldCall): Promise<void> {
    const { rpc, metadata, outcome } = held;
    const { method, protocol } = rpc;
    const binding = this.#repeatable.get(method);
    const over = this.#overOf(rpc);
    const call = { method, binding, over, metadata, message: held.request };
    const { reply } = held;
    const client = outcome?.error === undefined ? okAnswer(reply ?? empty) : errorAnswer(outcome.error);
    const start = performance.now();
    const shadow = await repeatCall(call, this.#repeat);
    if (this.#ended.signal.aborted) return;
    // Of a call by gRPC the client's part that is the same is the upstream's; over another protocol it is all of the gateway's.
    const clientMs = (over === 'grpc' ? outcome?.upstreamMs : outcome?.durationMs) ?? 0;
    const durations = { client: clientMs, shadow: performance.now() - start };
    const compared = compareAnswers(
      call,
      { client, shadow },
      { codec: this.#repeat.codec, isIgnored: this.#isIgnored },
    );
    this.#onResult({ method, over, kind: compared.kind, durations });
    const named = { rpc: method.fullName, protocol, over, upstream: this.#options.upstream?.target.text };
    if (compared.kind === 'different') this.#log.different(named, compared.differences);
    if (compared.kind === 'failed') this.#log.failed({ ...named, code: compared.code });
  }

  #skip({ rpc }: HeldCall, reason: SkipReason): void {
    this.#onResult({ method: rpc.method, over: this.#overOf(rpc), kind: 'skipped', reason });
  }

  #overOf({ method, protocol }: Rpc): ShadowProtocol {
    const { over, upstream } = this.#options;
    if (over !== undefined) return over;
    return upstream !== undefined || protocol === 'rest' || this.#repeatable.get(method) === undefined
      ? 'grpc'
      : 'rest';
  }
}

const empty = new Uint8Array();
