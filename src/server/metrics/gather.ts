/**
 * What the workers of one port know, in any of them: the one that is asked asks all, itself too, through their keeper, which passes on whatever
 * comes (`cli/relay-metrics.ts`).
 */

/** Milliseconds for the others to tell; one that is late is left out. */
const PATIENCE_MS = 2_000;

interface Told {
  readonly metrics: object;
  readonly to: number;
  readonly ask: number;
  readonly workers: number;
}

/** Answers the others with `own`; gives the function that asks all of them. */
export function workersMetrics(own: () => Promise<object>): () => Promise<readonly object[]> {
  const waiting = new Map<number, (told: Told) => void>();
  let asks = 0;
  process.on('message', async (message: Partial<Told>) => {
    if (message.ask === undefined) return;
    if (message.metrics === undefined) process.send?.({ ...message, metrics: await own() });
    else waiting.get(message.ask)?.(message as Told);
  });
  return () =>
    new Promise((resolve) => {
      const ask = asks++;
      const all: object[] = [];
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(ask);
        resolve(all);
      };
      const timer = setTimeout(end, PATIENCE_MS);
      waiting.set(ask, ({ metrics, workers }) => {
        all.push(metrics);
        if (all.length === workers) end();
      });
      process.send?.({ ask });
    });
}
