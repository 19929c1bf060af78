/** `--workers N`: one process that keeps N others. They share the port, and together behave as one process does. */
import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { ExitCode } from './command.ts';
import type { Lifeline, Order } from './lifeline.ts';
import { relayQuestions } from './relay-questions.ts';

// A worker that ends as soon as it starts must not keep the machine busy.
const restartMs = 1000;

interface Keeper {
  readonly lifeline: Lifeline;
  readonly logger: Logger;
  /** Variables for the workers beside the keeper's own. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Resolves when all have stopped; when the first one cannot start, with its exit code. */
export function keepWorkers(count: number, { lifeline, logger, environment }: Keeper): Promise<ExitCode> {
  // Large messages are large buffers, which have the engine collect garbage often; threads that help take more than they save (docs/scaling.md).
  cluster.setupPrimary({ execArgv: [...process.execArgv, '--single-threaded-gc'] });
  const workers = new Set<Worker>();
  let listening = 0;
  let isStopping = false;
  const start = (): void => {
    if (!isStopping) workers.add(cluster.fork(environment));
  };
  const tell = (order: Order): void => {
    for (const worker of workers) worker.send(order);
  };
  lifeline.onReload(() => tell('reload'));
  return new Promise((resolve) => {
    void lifeline.stop.then(() => {
      isStopping = true;
      tell('stop');
      // All may just have ended, and wait to be started again.
      if (workers.size === 0) resolve(ExitCode.done);
    });
    cluster.on('message', (worker, message: unknown) => {
      if (typeof message !== 'string') return relayQuestions(worker, message, workers);
      listening++;
      // The others wait for the first, so that what is wrong is said once.
      if (listening === 1) for (let index = 1; index < count; index++) start();
      if (listening === count) lifeline.ready(message);
    });
    cluster.on('exit', (worker, code) => {
      workers.delete(worker);
      if (listening === 0) resolve(code as ExitCode);
      else if (!isStopping) {
        logger.error({ worker: worker.process.pid, code }, 'a worker ended; another one is started');
        setTimeout(start, restartMs);
      } else if (workers.size === 0) resolve(ExitCode.done);
    });
    start();
  });
}
