/** `tandem serve`: the gateway behind a web server, from the line on standard output that says it is ready to the last open call. */
import cluster from 'node:cluster';
import type { Logger } from 'pino';
import type { Recorder } from '../compare/record-calls.ts';
import { resolveOptions, type TandemOptions } from '../gateway/options.ts';
import { formatProblem, SchemaError } from '../schema/problem.ts';
import { type RunningServer, startServer } from '../server/start-server.ts';
import { ExitCode, printError } from './command.ts';
import type { JoinedConfig } from './config-layers.ts';
import { configFileOf } from './configuration.ts';
import type { RunningDemo } from './demo.ts';
import type { Arguments } from './flags.ts';
import { signalLifeline, workerLifeline } from './lifeline.ts';
import { createLog, type Log } from './logger.ts';
import { locating, servedConfiguration } from './open-gateway.ts';
import { watchFiles } from './watch-files.ts';

export async function run(args: Arguments): Promise<ExitCode> {
  const demo = args.flags.has('demo') ? await (await import('./demo.ts')).openDemo() : undefined;
  try {
    const read = (): Promise<JoinedConfig> => servedConfiguration(args, demo && [demo.layer]);
    const config = await read();
    const { listen, observability } = resolveOptions(config.input, config.context);
    const log = await createLog(observability.logLevel);
    if (cluster.isPrimary && listen.workers > 1) {
      const { keepWorkers } = await import('./workers.ts');
      return await keepWorkers(listen.workers, {
        lifeline: signalLifeline(log.logger),
        logger: log.logger,
        environment: demo?.environment ?? {},
      });
    }
    await serve(config, { args, log, read, demo });
    return ExitCode.done;
  } finally {
    await demo?.close();
    // The channel to its keeper would hold the process.
    cluster.worker?.disconnect();
  }
}

interface Serving {
  readonly args: Arguments;
  readonly log: Log;
  readonly demo: RunningDemo | undefined;
  /** Reads the configuration anew. */
  read(): Promise<JoinedConfig>;
}

/** Resolves when the last call has ended after the order to stop. */
async function serve({ input, context }: JoinedConfig, { args, log, demo, read }: Serving): Promise<void> {
  const { logger } = log;
  const server = await locating(context, () => startServer(input as TandemOptions, { ...context, ...log }));
  // Before anybody is told where to call.
  const recorder = await record(args, server, logger);
  const lifeline = cluster.isPrimary ? signalLifeline(logger) : workerLifeline();
  lifeline.ready(server.url);
  if (demo !== undefined && (cluster.worker?.id ?? 1) === 1) printError(demo.welcome(server));
  const reload = createReload(server, logger, read);
  lifeline.onReload(reload);
  const unwatch = args.flags.has('watch') ? watchConfiguration(server, args, reload) : () => {};
  await lifeline.stop;
  unwatch();
  await close(server);
  await recorder?.close();
}

/** What `--record` writes at most. */
const MAX_RECORD_BYTES = 256 * 1024 * 1024;

/** Writes down what is called, when it is asked for. Several workers append to one file, a line at a time. */
async function record({ flags }: Arguments, { gateway }: RunningServer, logger: Logger): Promise<Recorder | undefined> {
  const path = flags.get('record') as string | undefined;
  if (path === undefined) return undefined;
  const { createRecorder } = await import('../compare/record-calls.ts');
  const recorder = createRecorder({
    path,
    maxBytes: MAX_RECORD_BYTES,
    schema: () => gateway.generation.schema,
    onProblem: (problem) => logger.warn(problem),
  });
  gateway.addHooks({ onRequestMessage: ({ method }, message) => recorder.record(method, message) });
  return recorder;
}

/** Builds the next generation aside. When anything in it is wrong, the old one stays and the log says why. */
function createReload(server: RunningServer, logger: Logger, read: () => Promise<JoinedConfig>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    let isRead = false;
    try {
      const { input, context } = await read();
      isRead = true;
      const { table, options } = await locating(context, () => server.gateway.reload(input as TandemOptions, context));
      logger.level = options.observability.logLevel;
      logger.info({ bindings: table.bindings.length }, 'reloaded');
    } catch (error) {
      // The gateway counts what it refuses itself.
      if (!isRead) server.gateway.countRefusal(error);
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
    const { protos, imports, descriptorSets, rules, plugins } = gateway.options;
    const file = configFileOf(args);
    const paths = [
      ...protos,
      ...imports,
      ...descriptorSets,
      ...rules,
      ...plugins,
      ...(file === undefined ? [] : [file]),
    ];
    // The paths may be others after a reload.
    unwatch = watchFiles(paths, () => void reload().then(watchAgain));
  };
  watchAgain();
  return () => unwatch();
}

/** Lets open calls finish, but not longer than the limits say; what is still open then ends with the process. */
async function close(server: RunningServer): Promise<void> {
  const { lameDuck = 0, drain } = server.gateway.options.limits;
  setTimeout(() => process.exit(ExitCode.done), lameDuck + drain).unref();
  await server.close();
}
