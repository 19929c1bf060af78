import type { Worker } from 'node:cluster';

/**
 * Between workers: a question goes to all of them with who asks and how many there are, an answer to the one that asked
 * (`server/ask-workers.ts`).
 */
export function relayQuestions(from: Worker, message: unknown, workers: ReadonlySet<Worker>): void {
  const { to } = message as { readonly to?: number };
  if (to !== undefined) {
    for (const worker of workers) if (worker.id === to && worker.isConnected()) worker.send(message as object);
    return;
  }
  const connected = [...workers].filter((worker) => worker.isConnected());
  for (const worker of connected) worker.send({ ...(message as object), to: from.id, workers: connected.length });
}
