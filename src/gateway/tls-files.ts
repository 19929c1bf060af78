/** The PEM files that the configuration names, for the server and for upstreams. */
import { readFileSync } from 'node:fs';
import type { Problem } from '../schema/problem.ts';

/** Reads the files that `paths` names, of the mapping at `key` in the configuration. One that cannot be read is added to the problems. */
export function readTlsFiles<Name extends string>(
  paths: Readonly<Record<Name, string | undefined>>,
  key: string,
  problems: Problem[],
): { readonly [N in Name]?: Buffer } {
  const read = ([name, path]: [string, unknown]): [string, Buffer][] => {
    if (typeof path !== 'string') return [];
    try {
      return [[name, readFileSync(path)]];
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
      problems.push({ position: undefined, subject: `${key}.${name}`, message: `${path}: ${reason}` });
      return [];
    }
  };
  return Object.fromEntries(Object.entries(paths).flatMap(read)) as { readonly [N in Name]?: Buffer };
}
