/** `tandem serve` as a process, for tests. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly stdout: string;
  /** Waits until standard error has so many lines that match. */
  stderrLines(pattern: RegExp, count: number): Promise<readonly string[]>;
  stderrLine(pattern: RegExp): Promise<string>;
  readonly exit: Promise<number | null>;
}

export const cli: string = resolve('dist/cli.js');

/** Starts the command and waits for its line on standard output. */
export async function serve(
  t: TestContext,
  args: readonly string[],
  { cwd = '.', env = {} }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Running> {
  const child = spawn(process.execPath, [cli, 'serve', '--port', '0', ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (output.out += chunk));
  child.stderr.on('data', (chunk) => (output.err += chunk));
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  await Promise.race([once(child.stdout, 'data'), exit]);
  const url = /^tandem listening on (http:\S+)\n$/.exec(output.out)?.[1];
  assert.ok(url, `${output.out}\n${output.err}`);
  const stderrLines = async (pattern: RegExp, count: number): Promise<readonly string[]> => {
    for (;;) {
      const lines = output.err.split('\n').filter((line) => pattern.test(line));
      if (lines.length >= count) return lines;
      await once(child.stderr, 'data');
    }
  };
  const stderrLine = async (pattern: RegExp): Promise<string> => (await stderrLines(pattern, 1))[0] ?? '';
  return {
    child,
    url,
    exit,
    stderrLine,
    stderrLines,
    get stdout() {
      return output.out;
    },
  };
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-serve-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
