/**
 * The book of a load: what clients asked for and got, what upstreams did. What must never be is found by holding one against the other.
 */
import assert from 'node:assert/strict';

/** Methods of test.ledger.Ledger. */
export const kinds = ['read', 'write', 'watch', 'upload'] as const;
export type Kind = (typeof kinds)[number];

/** A call that an upstream has looked at. */
export interface Execution {
  readonly kind: Kind;
  readonly id: string;
  /** Of the texts that came. */
  readonly hash: string;
  /** Who did it. */
  readonly port: number;
}

/** What a client got for a call. */
export interface Outcome {
  readonly kind: Kind;
  readonly id: string;
  /** Of the texts that were sent. */
  readonly hash: string;
  /** An HTTP status, that of a stream's error, or `no answer`. Undefined: all that was asked for came. */
  readonly failure?: number | 'no answer';
  /** What came, if it cannot be true. */
  readonly wrong?: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The failures that a fault may cause, of each kind of calls. None where nothing is said. */
export type Allowed = Partial<Readonly<Record<Kind, readonly NonNullable<Outcome['failure']>[]>>>;

export interface Figures {
  readonly calls: number;
  readonly failures: ReadonlyMap<string, number>;
  /** Calls that were executed more than once, which only reads may be. */
  readonly twice: number;
  readonly slowestMs: number;
}

export class Ledger {
  readonly executions: Execution[] = [];
  readonly outcomes: Outcome[] = [];
  succeeded = 0;
  readonly record = (execution: Execution): void => void this.executions.push(execution);

  enter(outcome: Outcome): void {
    this.outcomes.push(outcome);
    if (outcome.failure === undefined) this.succeeded++;
  }

  /** Fails unless every call was answered truly, executed as often as it may be, and failed only as it may. */
  balance(allowed: Allowed = {}): Figures {
    const executed = new Map<string, Execution[]>(this.outcomes.map(({ id }) => [id, []]));
    for (const execution of this.executions) {
      const { id } = execution;
      assert.ok(executed.get(id)?.push(execution), `${id}: a call that nobody made`);
    }
    const failures = new Map<string, number>();
    let twice = 0;
    for (const outcome of this.outcomes) {
      const { id, kind, failure } = outcome;
      const executions = executed.get(id) ?? [];
      assert.deepEqual(problemsOf(outcome, executions, allowed[kind] ?? []), [], `${kind} ${id}`);
      if (executions.length > 1) twice++;
      if (failure !== undefined) failures.set(`${kind} ${failure}`, (failures.get(`${kind} ${failure}`) ?? 0) + 1);
    }
    const slowestMs = this.outcomes.reduce((most, { startedAt, endedAt }) => Math.max(most, endedAt - startedAt), 0);
    return { calls: this.outcomes.length, failures, twice, slowestMs };
  }
}

function problemsOf(outcome: Outcome, executions: readonly Execution[], allowed: Allowed[Kind] & {}): string[] {
  const { kind, hash, failure, wrong } = outcome;
  const problems: string[] = [];
  if (wrong !== undefined) problems.push(wrong);
  if (failure === undefined && executions.length === 0) problems.push('answered, and never executed');
  if (executions.length > 1 && kind !== 'read') problems.push(`executed ${executions.length} times`);
  if (executions.some((execution) => execution.hash !== hash || execution.kind !== kind)) problems.push('changed');
  if (failure !== undefined && !allowed.includes(failure)) problems.push(`failed: ${failure}`);
  return problems;
}
