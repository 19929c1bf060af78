/**
 * Hooks from modules that the configuration names. A generation loads its own: a reload brings a module that has changed.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Problem } from '../schema/problem.ts';
import { identityOf } from '../security/identity.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { hookNames, type RpcHooks } from './hooks.ts';
import { nearestName } from './nearest-name.ts';
import type { Options } from './options.ts';

/** What a plugin would import from `tandem`, of the very gateway that runs it: it may stand where the package cannot be found. */
export interface PluginTools {
  readonly GrpcCode: typeof GrpcCode;
  readonly StatusError: typeof StatusError;
  readonly identityOf: typeof identityOf;
}

/** The default export of a module under `plugins`: hooks, or what makes them for each generation. */
export type Plugin = RpcHooks | ((options: Options, tools: PluginTools) => RpcHooks | Promise<RpcHooks>);

export interface LoadedPlugins {
  readonly hooks: readonly RpcHooks[];
  readonly problems: readonly Problem[];
}

const tools: PluginTools = Object.freeze({ GrpcCode, StatusError, identityOf });

/** The hooks of `plugins`, in order, and a problem for each module that gives none. */
export async function loadPlugins(options: Options): Promise<LoadedPlugins> {
  const problems: Problem[] = [];
  const hooks = await Promise.all(
    options.plugins.map(async (file, index) => {
      const subject = `plugins[${index}]`;
      try {
        const loaded = await hooksOf(file, options);
        const faults = faultsOf(loaded);
        problems.push(...faults.map((fault) => ({ position: undefined, subject, message: `${file}: ${fault}` })));
        return loaded as RpcHooks;
      } catch (cause) {
        problems.push({ position: undefined, subject, message: `${file}: ${reasonOf(cause)}` });
        return {};
      }
    }),
  );
  return { hooks, problems };
}

async function hooksOf(file: string, options: Options): Promise<unknown> {
  const url = pathToFileURL(resolve(file));
  // Node keeps a module for as long as it lives; under its contents' digest a changed one is another.
  url.searchParams.set(
    'contents',
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
      .slice(0, 16),
  );
  const { default: plugin } = (await import(url.href)) as { readonly default?: unknown };
  return typeof plugin === 'function' ? await plugin(options, tools) : plugin;
}

function faultsOf(hooks: unknown): readonly string[] {
  const known = hookNames.join(', ');
  if (typeof hooks !== 'object' || hooks === null) {
    return [
      `its default export is neither hooks nor a function that gives them; export default { beforeBind(rpc) { … } }`,
    ];
  }
  const names = new Set([...Object.keys(hooks), ...hookNames.filter((name) => name in hooks)]);
  const faults = [...names].flatMap((name) => {
    const near = nearestName(name, hookNames);
    if (near !== name) return near === undefined ? [] : [`there is no hook ${name}; did you mean ${near}?`];
    const hook = (hooks as Record<string, unknown>)[name];
    return hook === undefined || typeof hook === 'function' ? [] : [`${name} is not a function`];
  });
  const isEmpty = faults.length === 0 && !hookNames.some((name) => name in hooks);
  return isEmpty ? [`it has no hook; known are ${known}`] : faults;
}

function reasonOf(cause: unknown): string {
  if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return 'there is no such file';
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
