/**
 * @module The gateway without HTTP: options to a generation, requests as plain data to answers. Swaps generations on reload and ends
 * what has a lifetime.
 */
import { setTimeout } from 'node:timers/promises';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import type { HttpRequest } from '../transcode/exchange.ts';
import type { CancelSignal } from '../upstream/transport.ts';
import type { UpstreamStatus } from '../upstream/upstreams.ts';
import { type Answer, answer, answerError, type Match, matchRequest, matchWebSocket } from './answer.ts';
import { unknownMethod } from './answer-rpc.ts';
import { createGeneration, type Generation } from './generation.ts';
import { chainHooks, type HookChain, type RpcClient, type RpcHooks } from './hooks.ts';
import { connectUpstreams, type LiveUpstreams, tlsFilesOf } from './live-upstreams.ts';
import { type Options, type ResolveContext, resolveOptions, type TandemOptions } from './options.ts';
import { createOwnServices, type OwnMethod, ownServiceNames } from './own-services.ts';
import { PassedCall, type PassedRequest } from './passed-call.ts';
import type { CallTarget } from './rpc.ts';
import { contentsKey, watchContents } from './watch-contents.ts';

export interface Readiness {
  readonly isReady: boolean;
  readonly upstreams: readonly UpstreamStatus[];
}

export interface Gateway {
  readonly options: Options;
  /** The current generation. */
  readonly generation: Generation;
  /** What a request means. Throws StatusError INVALID_ARGUMENT for a malformed escape in what a variable captures. */
  match(method: string, target: string, headers: HttpRequest['headers']): Match;
  /** What a WebSocket's target means: a method with streams, by preference. Throws as `match` does. */
  matchWebSocket(target: string): Match;
  /**
   * Answers a request; failures are answers too, so this never rejects. Aborting `signal` cancels the upstream call. `client` is asked for
   * only when there are hooks.
   */
  answer(match: Match, request: HttpRequest, signal: CancelSignal, client?: () => RpcClient): Promise<Answer>;
  /** The method of gRPC's path `/package.Service/Method`, with its target where the gateway answers it. Rejects with UNIMPLEMENTED for none. */
  method(path: string): Promise<{ readonly method: MethodDescriptor; readonly target?: CallTarget }>;
  /** A call that passes through as gRPC. */
  pass(request: PassedRequest): PassedCall;
  /** The hooks that every call passes, in order; undefined when there are none. */
  readonly hooks: HookChain | undefined;
  /** Puts hooks behind those that are there, for every call that begins from now on. What it returns takes them away again. */
  addHooks(hooks: RpcHooks): () => void;
  /** The answer for a failure outside of a call; `match` is that of the request, where it has one. */
  answerError(error: unknown, headers: HttpRequest['headers'], match?: Match): Answer;
  readiness(): Readiness;
  /**
   * Builds the next generation, from the same options or from others, and swaps it in whole. Rejects with SchemaError when anything in
   * it is wrong; the old one stays then.
   */
  reload(options?: TandemOptions, context?: ResolveContext): Promise<Generation>;
  /** Told of every generation that is swapped in. */
  onReload(listener: (generation: Generation) => void): void;
  /** Told when a change that nobody ordered is refused: what an upstream has told at last (the gateway stays unready), files of TLS. */
  onRefusal(listener: (error: unknown) => void): void;
  /** Not ready from now on; calls go on. */
  drain(): void;
  /** Ends the upstream connections, once their calls have ended or `limits.drain` has passed. */
  close(): Promise<void>;
}

/** What a gateway takes besides the options that a configuration file can hold. */
export interface GatewayContext extends ResolveContext {
  /** The first of them has the first word on each call. */
  readonly hooks?: readonly RpcHooks[];
}

/**
 * Loads everything and gives a gateway that can answer. Rejects with SchemaError listing every problem of the options, protos and
 * rules. An upstream that cannot be reached is no problem: the gateway is not ready and goes on trying.
 */
export async function createGateway(input: TandemOptions, context: GatewayContext = {}): Promise<Gateway> {
  const options = resolveOptions(input, context);
  const upstreams = await connectUpstreams(options);
  try {
    return new LiveGateway(await createGeneration(options, upstreams), upstreams, context);
  } catch (error) {
    await upstreams.close();
    throw error;
  }
}

const REFLECTION_PAUSE_MS = 1_000;

class LiveGateway implements Gateway {
  #generation: Generation;
  #upstreams: LiveUpstreams;
  #isDraining = false;
  #hooks: HookChain | undefined;
  #added: readonly RpcHooks[];
  readonly #context: ResolveContext;
  readonly #listeners: ((generation: Generation) => void)[] = [];
  readonly #refusalListeners: ((error: unknown) => void)[] = [];
  #reloaded: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();
  #upstreamKey: string;
  #ownServices: Promise<ReadonlyMap<string, OwnMethod>> | undefined;
  #unwatch: () => void = () => {};

  constructor(generation: Generation, upstreams: LiveUpstreams, context: GatewayContext) {
    this.#generation = generation;
    this.#upstreams = upstreams;
    this.#upstreamKey = upstreamKey(generation.options);
    this.#context = context;
    this.#watchTlsFiles();
    this.#added = [...(context.hooks ?? [])];
    this.#chain();
    void this.#awaitReflection();
  }

  get options(): Options {
    return this.#generation.options;
  }

  get generation(): Generation {
    return this.#generation;
  }

  match(method: string, target: string, headers: HttpRequest['headers']): Match {
    return matchRequest(this.#generation, method, target, headers);
  }

  matchWebSocket(target: string): Match {
    return matchWebSocket(this.#generation, target);
  }

  answer(match: Match, request: HttpRequest, signal: CancelSignal, client?: () => RpcClient): Promise<Answer> {
    const { hooks } = this;
    return answer(match, request, { signal, targetOf: this.#targetOf, hooks, client: hooks && client?.() });
  }

  async method(path: string): Promise<{ readonly method: MethodDescriptor; readonly target?: CallTarget }> {
    const method = this.#generation.methods.get(path);
    const own = path.startsWith('/grpc.') ? await this.#ownMethod(path, method) : undefined;
    if (own !== undefined) return own;
    if (method === undefined) throw unknownMethod(path, this.#generation);
    return { method };
  }

  /** What the gateway answers where the user's own services do not. */
  async #ownMethod(path: string, users: MethodDescriptor | undefined): Promise<OwnMethod | undefined> {
    const service = path.slice(1, path.lastIndexOf('/'));
    if (!ownServiceNames(this.options).includes(service)) return undefined;
    if (users !== undefined && this.#targetOf(service) !== undefined) return undefined;
    this.#ownServices ??= createOwnServices({ generation: () => this.#generation, isServing: this.#isServing });
    return (await this.#ownServices).get(path);
  }

  readonly #isServing = (service: string): boolean => {
    if (service === '') return this.readiness().isReady;
    const transport = this.#upstreams.forService(service);
    const isUp = transport === undefined ? this.#generation.mock !== undefined : isHealthy(transport);
    return isUp && !this.#isDraining;
  };

  pass(request: PassedRequest): PassedCall {
    const { options, transcoder } = this.#generation;
    const { streamTimeout, streamIdle, timeoutMax } = options.limits;
    return new PassedCall(request, {
      targetOf: this.#targetOf,
      streamTimeoutMs: streamTimeout,
      streamIdleMs: streamIdle,
      maxTimeoutMs: timeoutMax,
      limits: transcoder.options.limits,
      hooks: this.#hooks,
    });
  }

  get hooks(): HookChain | undefined {
    return this.#hooks;
  }

  addHooks(hooks: RpcHooks): () => void {
    this.#added = [...this.#added, hooks];
    this.#chain();
    return () => {
      this.#added = this.#added.filter((each) => each !== hooks);
      this.#chain();
    };
  }

  /** What the options ask for has the first word. */
  #chain(): void {
    this.#hooks = chainHooks([...this.#generation.hooks, ...this.#added]);
  }

  answerError(error: unknown, headers: HttpRequest['headers'], match?: Match): Answer {
    return answerError(this.#generation, error, headers, match);
  }

  /** The upstream of a service, whatever it speaks, or the mock where there is none. */
  readonly #targetOf = (service: string): CallTarget | undefined => {
    const { rest, mock } = this.#generation;
    return this.#upstreams.targetOf(service) ?? rest?.(service) ?? mock;
  };

  readiness(): Readiness {
    const upstreams = this.#upstreams.status;
    const { rest, mock } = this.#generation;
    const isAnyUp = rest !== undefined || mock !== undefined || upstreams.some(isHealthy);
    return { isReady: isAnyUp && !this.#isDraining && this.#generation.unreflected.length === 0, upstreams };
  }

  /** One at a time, so that the last one asked for is the one that stays. */
  reload(input?: TandemOptions, context = this.#context): Promise<Generation> {
    const next = (): Promise<Generation> => this.#swap(input, context);
    const reloaded = this.#reloaded.then(next, next);
    this.#reloaded = reloaded;
    return reloaded;
  }

  async #swap(input: TandemOptions | undefined, context: ResolveContext): Promise<Generation> {
    const options = input === undefined ? this.options : resolveOptions(input, context);
    const key = upstreamKey(options);
    const isSame = key === this.#upstreamKey;
    const upstreams = isSame ? this.#upstreams : await connectUpstreams(options);
    try {
      this.#generation = await createGeneration(options, upstreams, this.#generation);
      this.#chain();
    } catch (error) {
      if (!isSame) await upstreams.close();
      throw error;
    }
    const old = this.#upstreams;
    this.#upstreams = upstreams;
    this.#upstreamKey = key;
    this.#watchTlsFiles();
    if (!isSame) void old.close(AbortSignal.timeout(options.limits.drain));
    for (const listener of this.#listeners) listener(this.#generation);
    return this.#generation;
  }

  onReload(listener: (generation: Generation) => void): void {
    this.#listeners.push(listener);
  }

  onRefusal(listener: (error: unknown) => void): void {
    this.#refusalListeners.push(listener);
  }

  drain(): void {
    this.#isDraining = true;
  }

  async close(): Promise<void> {
    this.#isDraining = true;
    this.#closing.abort();
    this.#unwatch();
    await this.#upstreams.close(AbortSignal.timeout(this.options.limits.drain));
  }

  /** Renewed certificates are taken into use by a reload; calls in flight end on the connections that they have. */
  #watchTlsFiles(): void {
    this.#unwatch();
    this.#unwatch = watchContents(tlsFilesOf(this.options), () => {
      if (upstreamKey(this.options) === this.#upstreamKey) return;
      this.reload().catch((error) => {
        for (const listener of this.#refusalListeners) listener(error);
      });
    });
  }

  /** Upstreams whose descriptors could not be fetched at the start are asked again once they can be reached. */
  async #awaitReflection(): Promise<void> {
    const { signal } = this.#closing;
    try {
      while (this.#generation.unreflected.length > 0) {
        await Promise.any(this.#generation.unreflected.map((transport) => transport.ready(signal)));
        await this.reload();
        // One that can be reached but does not answer yet is not asked without end.
        if (this.#generation.unreflected.length > 0) await setTimeout(REFLECTION_PAUSE_MS, undefined, { signal });
      }
    } catch (error) {
      if (signal.aborted) return;
      for (const listener of this.#refusalListeners) listener(error);
    }
  }
}

function isHealthy({ state }: Pick<UpstreamStatus, 'state'>): boolean {
  return state === 'ready' || state === 'idle';
}

/** What the connections are made from: when it is the same, a reload keeps them. */
function upstreamKey(options: Options): string {
  const { upstreams, limits } = options;
  return JSON.stringify([upstreams, limits.replyBytes, limits.timeoutDefault, contentsKey(tlsFilesOf(options))]);
}
