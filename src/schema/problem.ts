/**
 * @module Problems of the user's protos, rules and configuration: gathered, never thrown one at a time.
 */
import type { SourcePosition } from './descriptors.ts';

/** One thing wrong at start-up. Printed as `file:line Service.Method: what, and what to write instead`. */
export interface Problem {
  readonly position: SourcePosition | undefined;
  /** `Library.GetBook`, a message or field name, or a configuration key; "" when the file as a whole is meant. */
  readonly subject: string;
  /** What is wrong, and what to write instead. One line. */
  readonly message: string;
}

/** `library.proto:41`, or the file alone where the line is not known. */
export function formatPosition({ file, line }: SourcePosition): string {
  return line > 0 ? `${file}:${line}` : file;
}

/** One line for a terminal or a log: `library.proto:41 Library.GetBook: column 13: expected '}'`. */
export function formatProblem({ position, subject, message }: Problem): string {
  const place = position === undefined ? '' : formatPosition(position);
  const head = [place, subject].filter((part) => part !== '').join(' ');
  return head === '' ? message : `${head}: ${message}`;
}

/** Start-up refused: the protos, rules or configuration are wrong. Holds every problem that was found. */
export class SchemaError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'SchemaError';
    this.problems = problems;
  }
}
