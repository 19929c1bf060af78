/** How a serving process says that it is ready, and is told to reload and to stop. */
import type { Logger } from 'pino';
import { print } from './command.ts';

export interface Lifeline {
  ready(url: string): void;
  onReload(reload: () => void): void;
  /** Resolves once it shall stop. */
  readonly stop: Promise<void>;
}

/** By its standard output and by signals: SIGHUP reloads, SIGTERM and SIGINT stop; a second one ends the process at once. */
export function signalLifeline(logger: Logger): Lifeline {
  const stop = new Promise<void>((resolve) => {
    let isStopping = false;
    const end = (signal: NodeJS.Signals, code: number): void => {
      if (isStopping) process.exit(code);
      isStopping = true;
      logger.info({ signal }, 'draining');
      resolve();
    };
    process.on('SIGTERM', (signal) => end(signal, 143));
    process.on('SIGINT', (signal) => end(signal, 130));
  });
  return {
    // The only line on standard output, so that a script can wait for it.
    ready: (url) => print(`tandem listening on ${url}`),
    onReload: (reload) => process.on('SIGHUP', reload),
    stop,
  };
}

/** What a keeper tells its workers. */
export type Order = 'reload' | 'stop';

/** Of a worker: by messages from its keeper. Signals, which a terminal sends to all processes, are the keeper's to heed. */
export function workerLifeline(): Lifeline {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
  const on = (order: Order, act: () => void): void => {
    process.on('message', (message) => message === order && act());
  };
  return {
    ready: (url) => process.send?.(url),
    onReload: (reload) => on('reload', reload),
    stop: new Promise((resolve) => on('stop', resolve)),
  };
}
