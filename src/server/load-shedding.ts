/**
 * Calls that are turned away so that the others are answered: 503 while the event loop is late again and again, or the heap is nearly full. One
 * long task, such as a reload, is no overload: what has waited for it is served.
 */
import { getHeapStatistics } from 'node:v8';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { LimitOptions } from '../gateway/options.ts';
import { retryInfo } from '../limits/refusals.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { writeStatus } from '../transcode/rpc/status-details.ts';
import { ownPathsOf } from './own-paths.ts';

const TICK_MS = 100;
/** In a row. */
const LATE_TICKS = 3;
const RETRY_MS = 1000;

/** What goes on telling how the gateway is. */
const probes: readonly string[] = ['healthz', 'readyz', 'metrics'];
const healthMethods = '/grpc.health.v1.Health/';

export interface LoadShedding {
  /** Throws UNAVAILABLE for a request that is turned away. */
  check(request: FastifyRequest): void;
}

export function createLoadShedding(app: FastifyInstance, gateway: Gateway): LoadShedding {
  const watch = new LoadWatch(gateway.options.limits, (reason) => app.log.warn(`overload: ${reason}`));
  app.addHook('onClose', async () => watch.end());
  const ownPaths = ownPathsOf(gateway.generation);
  const exempt = new Set(ownPaths.filter(({ name }) => probes.includes(name)).map(({ path }) => path));
  return {
    check({ routeOptions, url }) {
      if (watch.reason === undefined || exempt.has(routeOptions.url ?? '') || url.startsWith(healthMethods)) return;
      const message = 'the gateway has too much to do; try again';
      throw new StatusError(GrpcCode.UNAVAILABLE, message, {
        headers: [['retry-after', String(RETRY_MS / 1000)]],
        statusDetails: writeStatus(GrpcCode.UNAVAILABLE, message, [
          { type: 'google.rpc.RetryInfo', value: retryInfo(RETRY_MS) },
        ]),
        cause: new Error(watch.reason),
      });
    },
  };
}

class LoadWatch {
  /** Why calls are turned away; undefined while they are not. */
  reason: string | undefined;
  readonly #limits: LimitOptions;
  readonly #onOverload: (reason: string) => void;
  readonly #timer: NodeJS.Timeout;
  #lastTick = performance.now();
  #lateTicks = 0;

  constructor(limits: LimitOptions, onOverload: (reason: string) => void) {
    this.#limits = limits;
    this.#onOverload = onOverload;
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    const lateMs = now - this.#lastTick - TICK_MS;
    this.#lastTick = now;
    this.#lateTicks = lateMs > this.#limits.eventLoopDelay ? this.#lateTicks + 1 : 0;
    const before = this.reason;
    const isOverloaded = this.#lateTicks >= LATE_TICKS;
    this.reason = isOverloaded ? `the event loop is ${Math.round(lateMs)} ms late` : this.#heapReason();
    if (this.reason !== undefined && before === undefined) this.#onOverload(this.reason);
  }

  #heapReason(): string | undefined {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const percent = (100 * used) / limit;
    return percent > this.#limits.heapPercent ? `${Math.round(percent)} % of the heap is used` : undefined;
  }
}
