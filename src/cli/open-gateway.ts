/** The gateway that the commands look into; only `serve` answers requests with it. */
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import type { ResolveContext, TandemOptions } from '../gateway/options.ts';
import { SchemaError } from '../schema/problem.ts';
import { CommandFailure } from './command.ts';
import type { ConfigLayer, JoinedConfig } from './config-layers.ts';
import { configFileOf, readConfiguration } from './configuration.ts';
import { type Arguments, UsageError } from './flags.ts';

const sources = ['protos', 'descriptorSets', 'reflect'] as const;

/** Reads the configuration and makes sure that it names something to serve. */
export async function servedConfiguration(args: Arguments, above: readonly ConfigLayer[] = []): Promise<JoinedConfig> {
  const config = await readConfiguration(args, above);
  const input = config.input as TandemOptions;
  if (typeof input === 'object' && sources.some((key) => input[key])) return config;
  const file = configFileOf(args);
  if (file === undefined) {
    throw new UsageError('nothing to serve; give --proto, --descriptor-set or --reflect, or write them to tandem.yaml');
  }
  const message = `nothing to serve; add ${sources.join(', ')} or give a flag`;
  throw new SchemaError([{ position: { file, line: 0, column: 0 }, subject: '', message }]);
}

/** Runs `work`; what it finds wrong with a key of the configuration only by looking at files gets the key's place. */
export async function locating<T>({ positionOf }: ResolveContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    const located = error.problems.map((problem) => ({
      ...problem,
      position: problem.position ?? positionOf?.(problem.subject.split(/[.[\]]+/).filter(Boolean)),
    }));
    throw new SchemaError(located);
  }
}

/** Runs `look` on a gateway, and closes it. */
export async function withGateway<T>(args: Arguments, look: (gateway: Gateway) => T | Promise<T>): Promise<T> {
  const { input, context } = await servedConfiguration(args);
  const gateway = await locating(context, () => createGateway(input as TandemOptions, context));
  try {
    const silent = gateway.generation.unreflected.map(({ target }) => target);
    if (silent.length > 0)
      throw new CommandFailure(`${silent.join(', ')}: no answer to server reflection; is it running?`);
    return await look(gateway);
  } finally {
    await gateway.close();
  }
}
