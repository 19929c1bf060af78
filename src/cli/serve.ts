/** `tandem serve`: the gateway behind a web server, from the line on standard output that says it is ready to the last open call. */
import type { Logger } from 'pino';
import type { TandemOptions } from '../gateway/options.ts';
import { formatProblem, SchemaError } from '../schema/problem.ts';
import { type RunningServer, startServer } from '../server/start-server.ts';
import { ExitCode, print, printError } from './command.ts';
import type { JoinedConfig } from './config-layers.ts';
import { configFileOf } from './configuration.ts';
import type { RunningDemo } from './demo.ts';
import type { Arguments } from './flags.ts';
import { createLogger } from './logger.ts';
import { locating, servedConfiguration } from './open-gateway.ts';
import { watchFiles } from './watch-files.ts';

export async function run(args: Arguments): Promise<ExitCode> {
  const demo = args.flags.has('demo') ? await (await import('./demo.ts')).openDemo() : undefined;
  try {
    await serve(args, demo);
    return ExitCode.done;
  } finally {
    await demo?.close();
  }
}

/** Resolves when the last call has ended after a signal to stop. */
async function serve(args: Arguments, demo: RunningDemo | undefined): Promise<void> {
  const read = (): Promise<JoinedConfig> => servedConfiguration(args, demo && [demo.layer]);
  const { input, context } = await read();
  const logger = await createLogger();
  const server = await locating(context, () => startServer(input as TandemOptions, { ...context, logger }));
  logger.level = server.gateway.options.observability.logLevel;
  // Standard output has this one line, so that a script can wait for it.
  print(`tandem listening on ${server.url}`);
  if (demo !== undefined) printError(demo.welcome(server));
  const reload = createReload(server, logger, read);
  process.on('SIGHUP', reload);
  const unwatch = args.flags.has('watch') ? watchConfiguration(server, args, reload) : () => {};
  await stopSignal(logger);
  unwatch();
  process.off('SIGHUP', reload);
  await close(server);
}

/** Builds the next generation aside. When anything in it is wrong, the old one stays and the log says why. */
function createReload(server: RunningServer, logger: Logger, read: () => Promise<JoinedConfig>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      const { input, context } = await read();
      const { table, options } = await locating(context, () => server.gateway.reload(input as TandemOptions, context));
      logger.level = options.observability.logLevel;
      logger.info({ bindings: table.bindings.length }, 'reloaded');
    } catch (error) {
      if (!(error instanceof SchemaError)) logger.error({ err: error }, 'not reloaded');
      else logger.error({ problems: error.problems.map(formatProblem) }, 'not reloaded: the old configuration stays');
    }
  };
  // One after the other: a reload that began later must not be overtaken.
  return () => (last = last.then(reload));
}

function watchConfiguration({ gateway }: RunningServer, args: Arguments, reload: () => Promise<void>): () => void {
  let unwatch = (): void => {};
  const watchAgain = (): void => {
    unwatch();
    const { protos, imports, descriptorSets, rules } = gateway.options;
    const file = configFileOf(args);
    const paths = [...protos, ...imports, ...descriptorSets, ...rules, ...(file === undefined ? [] : [file])];
    // The paths may be others after a reload.
    unwatch = watchFiles(paths, () => void reload().then(watchAgain));
  };
  watchAgain();
  return () => unwatch();
}

/** Resolves at the first SIGTERM or SIGINT. A second one ends the process at once. */
function stopSignal(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(code);
        isStopping = true;
        logger.info({ signal }, 'draining');
        resolve();
      });
    }
  });
}

/** Lets open calls finish, but not longer than `limits.drain`; what is still open then ends with the process. */
async function close(server: RunningServer): Promise<void> {
  setTimeout(() => process.exit(ExitCode.done), server.gateway.options.limits.drain).unref();
  await server.close();
}
