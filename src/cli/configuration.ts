/** From arguments, file and environment to the input of a gateway. */
import { existsSync } from 'node:fs';
import { resolveOptions } from '../gateway/options.ts';
import { SchemaError } from '../schema/problem.ts';
import { type ConfigLayer, type JoinedConfig, joinConfig, joinLayers } from './config-layers.ts';
import { environmentLayer, nested, settingValue } from './environment.ts';
import { type Arguments, keyFlags, UsageError } from './flags.ts';

const standardFile = 'tandem.yaml';

/** The configuration file in use, if any: `--config`, then `TANDEM_CONFIG`, then tandem.yaml where it exists. */
export function configFileOf({ flags }: Arguments): string | undefined {
  const named = flags.get('config') ?? (process.env['TANDEM_CONFIG'] || undefined);
  return named === undefined ? (existsSync(standardFile) ? standardFile : undefined) : String(named);
}

/**
 * Reads all layers anew; `above` are layers that win over them. Throws UsageError for a flag's wrong value, SchemaError
 * for a file that cannot be read.
 */
export async function readConfiguration(args: Arguments, above: readonly ConfigLayer[] = []): Promise<JoinedConfig> {
  const file = configFileOf(args);
  const layers = [flagLayer(args), ...above];
  if (file !== undefined) {
    // The YAML library takes 20 ms that a start without a file need not spend.
    const { readConfigFile } = await import('./config-file.ts');
    layers.unshift(readConfigFile(file, process.env));
  }
  return joinLayers([environmentLayer(process.env), ...layers]);
}

function flagLayer({ flags }: Arguments): ConfigLayer {
  const given = keyFlags.filter(({ name }) => flags.has(name));
  const content = given
    .map(({ name, key }) => {
      const value = flags.get(name);
      return nested(key, typeof value === 'string' ? settingValue(key, value) : value);
    })
    .reduce(joinConfig, {});
  checkFlags(content, (path) => given.find(({ key }) => key.every((step, index) => step === path[index]))?.name);
  return { content, directory: '', positionOf: () => undefined };
}

/** A flag whose value is wrong by itself is wrong usage, not wrong configuration. */
function checkFlags(content: unknown, flagOf: (path: readonly (string | number)[]) => string | undefined): void {
  try {
    resolveOptions(content, { positionOf: (path) => ({ file: `--${flagOf(path)}`, line: 0, column: 0 }) });
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new UsageError(error.problems.map(({ position, message }) => `${position?.file}: ${message}`).join('\n'));
  }
}
