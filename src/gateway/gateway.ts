/**
 * @module The gateway without HTTP: options to a generation, requests as plain data to answers. Swaps generations on reload and ends
 * what has a lifetime.
 */
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import type { HttpRequest } from '../transcode/exchange.ts';
import type { CancelSignal } from '../upstream/transport.ts';
import type { UpstreamStatus } from '../upstream/upstreams.ts';
import { type Answer, answer, answerError, type Match, matchRequest, matchWebSocket } from './answer.ts';
import { unknownMethod } from './answer-rpc.ts';
import { createGeneration, type Generation } from './generation.ts';
import { chainHooks, type HookChain, type RpcClient, type RpcHooks } from './hooks.ts';
import { connectUpstreams, isHealthy, type LiveUpstreams, tlsFilesOf, upstreamKey } from './live-upstreams.ts';
import { type Options, type ResolveContext, resolveOptions, type TandemOptions } from './options.ts';
import { createOwnServices, type OwnMethod, ownServiceNames } from './own-services.ts';
import { PassedCall, type PassedRequest } from './passed-call.ts';
import { firstStats, type ReloadStats, withRefusal, withReload } from './reload-stats.ts';
import { withRequestInfo } from './request-id.ts';
import type { CallTarget } from './rpc.ts';
import { watchContents } from './watch-contents.ts';
import { watchReflection } from './watch-reflection.ts';

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
  /** The upstream of a service, whatever it speaks, or the mock where there is none. */
  targetOf(service: string): CallTarget | undefined;
  readiness(): Readiness;
  /**
   * Builds the next generation, from the same options or from others, and swaps it in whole. Rejects with SchemaError when anything in
   * it is wrong; the old one stays then.
   */
  reload(options?: TandemOptions, context?: ResolveContext): Promise<Generation>;
  /** Told of every generation that is swapped in, and of the one before it. */
  onReload(listener: (generation: Generation, before: Generation) => void): void;
  /** Told when a change that nobody ordered is refused: what an upstream tells, files of TLS. The generation that is there stays. */
  onRefusal(listener: (error: unknown) => void): void;
  reloadStats(): ReloadStats;
  /** Counts a change that was refused before it came to `reload`, such as a configuration file that cannot be read. */
  countRefusal(error: unknown): void;
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

class LiveGateway implements Gateway {
  #generation: Generation;
  #upstreams: LiveUpstreams;
  #isDraining = false;
  #hooks: HookChain | undefined;
  #added: readonly RpcHooks[];
  readonly #context: ResolveContext;
  readonly #listeners: ((generation: Generation, before: Generation) => void)[] = [];
  readonly #refusalListeners: ((error: unknown) => void)[] = [];
  #reloaded: Promise<unknown> = Promise.resolve();
  #upstreamKey: string;
  #ownServices: Promise<ReadonlyMap<string, OwnMethod>> | undefined;
  #unwatch: () => void = () => {};
  #stats = firstStats();

  constructor(generation: Generation, upstreams: LiveUpstreams, context: GatewayContext) {
    this.#generation = generation;
    this.#upstreams = upstreams;
    this.#upstreamKey = upstreamKey(generation.options);
    this.#context = context;
    this.#added = [...(context.hooks ?? [])];
    this.#chain();
    this.#watch();
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
    return answer(match, request, { signal, targetOf: this.targetOf, hooks, client: hooks && client?.() });
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
    if (users !== undefined && this.targetOf(service) !== undefined) return undefined;
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
      targetOf: this.targetOf,
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
    const { requestIds } = this.options.observability;
    const told = requestIds ? withRequestInfo(StatusError.from(error), headers) : error;
    return answerError(this.#generation, told, headers, match);
  }

  readonly targetOf = (service: string): CallTarget | undefined => {
    return this.#upstreams.targetOf(service) ?? this.#generation.rest?.(service) ?? this.#generation.mock;
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
    reloaded.catch((error) => this.countRefusal(error));
    return reloaded;
  }

  async #swap(input: TandemOptions | undefined, context: ResolveContext): Promise<Generation> {
    const options = input === undefined ? this.options : resolveOptions(input, context);
    const key = upstreamKey(options);
    const isSame = key === this.#upstreamKey;
    const [before, old] = [this.#generation, this.#upstreams];
    const upstreams = isSame ? old : await connectUpstreams(options);
    try {
      this.#generation = await createGeneration(options, upstreams, before);
      this.#chain();
    } catch (error) {
      if (!isSame) await upstreams.close();
      throw error;
    }
    this.#upstreams = upstreams;
    this.#upstreamKey = key;
    this.#stats = withReload(this.#stats);
    this.#watch();
    if (!isSame) void old.close(AbortSignal.timeout(options.limits.drain));
    if (this.#generation.counters !== before.counters) before.counters?.rates.close?.();
    for (const listener of this.#listeners) listener(this.#generation, before);
    return this.#generation;
  }

  onReload(listener: (generation: Generation, before: Generation) => void): void {
    this.#listeners.push(listener);
  }

  onRefusal(listener: (error: unknown) => void): void {
    this.#refusalListeners.push(listener);
  }

  reloadStats(): ReloadStats {
    return this.#stats;
  }

  countRefusal(error: unknown): void {
    this.#stats = withRefusal(this.#stats, error);
  }

  drain(): void {
    this.#isDraining = true;
  }

  async close(): Promise<void> {
    this.#isDraining = true;
    this.#unwatch();
    await this.#upstreams.close(AbortSignal.timeout(this.options.limits.drain));
    this.#generation.counters?.rates.close?.();
  }

  /** What changes by itself is taken into use by a reload; calls in flight end on the connections that they have. */
  #watch(): void {
    this.#unwatch();
    const { options } = this;
    const stopTls = watchContents(tlsFilesOf(options), () => {
      if (upstreamKey(this.options) !== this.#upstreamKey) void this.#reloadUnasked();
    });
    const stopReflection = watchReflection({
      transports: options.reflect ? this.#upstreams.transports : [],
      unreflected: this.#generation.unreflected,
      intervalMs: options.reflectInterval,
      refresh: () =>
        this.#reloadUnasked(async ({ reflected }) => {
          const { isSameReflected, reflectAll } = await import('./reflect.ts');
          const { files } = await reflectAll(this.#upstreams.transports, reflected);
          return !isSameReflected(files, reflected);
        }),
    });
    this.#unwatch = () => {
      stopTls();
      stopReflection();
    };
  }

  /** A reload that nobody waits for: what refuses it is told once, and not again for as long as it is the same. */
  async #reloadUnasked(isDue: (generation: Generation) => Promise<boolean> = async () => true): Promise<void> {
    const { lastRefusal } = this.#stats;
    try {
      // What fails to say fails the reload too, which counts it.
      if (await isDue(this.#generation).catch(() => true)) await this.reload();
    } catch (error) {
      if (this.#isDraining || (error as Error).message === lastRefusal?.reason) return;
      for (const listener of this.#refusalListeners) listener(error);
    }
  }
}
