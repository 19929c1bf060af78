/**
 * @module The command `tandem`: arguments to options, options to one job, results to standard output and everything else
 * to standard error. Knows the exit codes; leaves gRPC, HTTP and routing to the rooms below.
 */
import type { Arguments, Flag } from './flags.ts';

/** What the process ends with. */
export const ExitCode = {
  done: 0,
  /** A call or comparison failed, or nothing matched. */
  failed: 1,
  /** Unknown command or flag, a value missing. */
  usage: 2,
  /** Protos, rules or configuration are wrong. */
  invalid: 3,
  /** Findings under `--strict` or `--check`. */
  findings: 4,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command did what it should and failed: exit 1, its message on one line. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure';
}

export interface Command {
  readonly name: string;
  /** What stands behind the flags, all of it required: `METHOD`, `URL`. */
  readonly operands: readonly string[];
  /** All of them may be left out. */
  readonly areOperandsOptional?: boolean;
  readonly summary: string;
  /** The flags of this command beside those that all have. */
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
  /** Loads the command's code: `tandem routes` need not load a web server. */
  load(): Promise<{ run(args: Arguments): Promise<ExitCode> }>;
}

/** Writes a result. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Writes anything that is no result: problems, advice, progress. */
export function printError(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Writes a result as JSON, for `--json`. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Text in bold on a terminal that takes colour, as it is elsewhere. */
export function bold(text: string): string {
  const isColoured = process.stdout.isTTY && !process.env['NO_COLOR'];
  return isColoured ? `\u001b[1m${text}\u001b[22m` : text;
}
