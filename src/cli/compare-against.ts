/** What calls are compared with, besides the other protocols: another upstream, another version of the schema, or both. */
import { resolve } from 'node:path';
import type { TandemOptions } from '../gateway/options.ts';
import { type Arguments, UsageError } from './flags.ts';

export interface Against {
  /** Another upstream, as `--upstream` takes it. */
  readonly target: string | undefined;
  /** Another version of the schema; undefined when it is the same. */
  readonly schema: Required<Pick<TandemOptions, 'protos' | 'descriptorSets'>> | undefined;
}

/** Throws UsageError for flags that do not go together. */
export function againstOf({ flags }: Arguments): Against {
  const target = flags.get('against') as string | undefined;
  const [protos, descriptorSets] = ['against-proto', 'against-descriptor-set'].map((name) =>
    ((flags.get(name) as readonly string[] | undefined) ?? []).map((path) => resolve(path)),
  ) as [string[], string[]];
  const schema = protos.length + descriptorSets.length === 0 ? undefined : { protos, descriptorSets };
  if (flags.has('replay') && flags.has('calls'))
    throw new UsageError('--calls and --replay name the same: give one of them');
  if (flags.has('replay') && target === undefined && schema === undefined) {
    throw new UsageError('--replay: name what to compare with: --against, --against-proto or --against-descriptor-set');
  }
  if (schema !== undefined) {
    for (const name of ['over', 'runs', 'max-overhead-ms', 'max-bytes']) {
      if (flags.has(name)) throw new UsageError(`--${name}: is for one version of the schema; leave it out`);
    }
  }
  return { target, schema };
}

/** The options of a gateway with the other schema, and before the other upstream where one is named. */
export function optionsAgainst(options: TandemOptions, { target, schema }: Against): TandemOptions {
  const upstreams = target === undefined ? options.upstreams : [target];
  return { ...options, ...schema, reflect: false, ...(upstreams && { upstreams }) };
}
