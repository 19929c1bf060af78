/** `tandem serve` in a process of its own, to be told to reload, to stop or to be killed. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';

export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  readonly exitCode: Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** Begins to read a log that was left unread. */
  readLog(): void;
  /** How many lines of its log match. */
  logged(pattern: RegExp): number;
  /** Of memory, resident. */
  megabytes(): number;
}

interface ProcessOptions {
  readonly port?: number;
  /** A file to log to, or else a pipe. */
  readonly stderr?: number | 'pipe';
  /** Leaves the pipe alone at first. */
  readonly isUnread?: boolean;
  /** Arguments of Node's own. */
  readonly nodeArgs?: readonly string[];
  /** How many files and connections it may have open. */
  readonly descriptors?: number;
}

/** Resolves when it listens. */
export async function startGatewayProcess(
  args: readonly string[],
  { port = 0, stderr = 'pipe', isUnread = false, nodeArgs = [], descriptors }: ProcessOptions = {},
): Promise<GatewayProcess> {
  // With a small heap memory shows what is held, and not what has not been collected yet.
  const flags = ['--max-old-space-size=64', ...nodeArgs];
  const command = [...flags, resolve('dist/cli.js'), 'serve', '--port', String(port), ...args];
  const limited = descriptors === undefined ? [] : ['sh', '-c', `ulimit -n ${descriptors} && exec "$@"`, 'sh'];
  const [program = '', ...programArgs] = [...limited, process.execPath, ...command];
  const child = spawn(program, programArgs, { stdio: ['ignore', 'pipe', stderr] }) as ChildProcessByStdio<
    null,
    Readable,
    Readable | null
  >;
  const lines: string[] = [];
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const [last = '', ...whole] = (rest + text).split('\n').reverse();
    rest = last;
    lines.push(...whole);
  });
  if (isUnread) child.stderr?.pause();
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  const [ready] = await Promise.race([once(child.stdout, 'data'), exitCode.then(() => [''])]);
  const url = /^tandem listening on (http\S+)/.exec(String(ready))?.[1];
  if (url === undefined) throw new Error(`the gateway does not start: ${lines.join('\n')}`);
  return {
    url,
    pid: child.pid as number,
    exitCode,
    signal: (signal) => void child.kill(signal),
    readLog: () => void child.stderr?.resume(),
    logged: (pattern) => lines.filter((line) => pattern.test(line)).length,
    megabytes: () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1000,
  };
}
