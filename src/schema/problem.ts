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

/** One line for a terminal or a log: `library.proto:41 Library.GetBook: column 13: expected '}'`. */
export function formatProblem({ position, subject, message }: Problem): string {
  const place = position === undefined ? '' : position.line > 0 ? `${position.file}:${position.line}` : position.file;
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
