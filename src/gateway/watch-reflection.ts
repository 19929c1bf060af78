/** When upstreams are asked again what they serve: once one can be reached that could not be before, and on an interval. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../upstream/transport.ts';

export interface ReflectionWatch {
  readonly transports: readonly Transport[];
  /** Those of them that have told nothing yet. */
  readonly unreflected: readonly Transport[];
  readonly intervalMs: number | undefined;
  /** Asks all, and has what is new served. Never rejects. */
  refresh(): Promise<void>;
}

/** One that has come back may be several, and may answer calls before it answers this. */
const PAUSE_MS = 1_000;

/** Gives the function that ends it. Keeps no process alive. */
export function watchReflection({ transports, unreflected, intervalMs, refresh }: ReflectionWatch): () => void {
  const over = new AbortController();
  const { signal } = over;
  let isAsking = false;
  const ask = (): void => {
    if (isAsking) return;
    isAsking = true;
    sleep(PAUSE_MS, undefined, { signal, ref: false })
      .then(refresh)
      .catch(() => {})
      .finally(() => {
        isAsking = false;
      });
  };
  const askUntilTold = async (transport: Transport): Promise<void> => {
    // What is told ends this watch: a reload begins the next one.
    while (!signal.aborted) {
      await transport.ready(signal);
      await refresh();
      await sleep(PAUSE_MS, undefined, { signal, ref: false });
    }
  };
  for (const transport of unreflected) askUntilTold(transport).catch(() => {});
  const stops = transports.map((transport) =>
    transport.onStateChange((state) => {
      if (state === 'ready') ask();
    }),
  );
  const timer = intervalMs === undefined ? undefined : setInterval(ask, intervalMs).unref();
  return () => {
    over.abort();
    clearInterval(timer);
    for (const stop of stops) stop();
  };
}
