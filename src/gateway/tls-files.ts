/** The PEM files that the configuration names, for the server and for upstreams. */
import { readFileSync } from 'node:fs';
import type { Problem } from '../schema/problem.ts';

interface TlsPaths {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly serverName?: string;
}

/** Reads what `tls`, the mapping at `key` in the configuration, names. A file that cannot be read is added to the problems. */
export function readTlsFiles({ serverName, ...paths }: TlsPaths, key: string, problems: Problem[]): TlsFiles {
  const read = ([name, path]: [string, string | undefined]): [string, Buffer][] => {
    if (path === undefined) return [];
    try {
      return [[name, readFileSync(path)]];
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
      problems.push({ position: undefined, subject: `${key}.${name}`, message: `${path}: ${reason}` });
      return [];
    }
  };
  return {
    ...Object.fromEntries(Object.entries(paths).flatMap(read)),
    ...(serverName !== undefined && { serverName }),
  };
}
