/** What fails a comparison: answers that differ, calls without one, and budgets that are passed. */
import type { Comparison, SeenCall } from '../compare/compare-once.ts';
import type { Measurement } from '../compare/measure.ts';
import type { Protocol } from '../compare/prepared-call.ts';
import type { ReasonedDifference } from '../compare/schema-reasons.ts';
import { bytesText, msText, protocolNames, totalBytes } from '../compare/text-report.ts';
import { type Arguments, UsageError } from './flags.ts';

export interface Budgets {
  readonly maxOverheadMs: number | undefined;
  readonly maxBytes: number | undefined;
}

export interface Finding {
  readonly kind: 'difference' | 'no answer' | 'overhead' | 'bytes';
  readonly text: string;
}

export function budgetsOf({ flags }: Arguments): Budgets {
  const numberOf = (name: string): number | undefined => {
    const given = flags.get(name);
    if (given === undefined) return undefined;
    const number = Number(given);
    if (!Number.isFinite(number) || number < 0) throw new UsageError(`--${name}: expected a number; got ${given}`);
    return number;
  };
  return { maxOverheadMs: numberOf('max-overhead-ms'), maxBytes: numberOf('max-bytes') };
}

export function findingsOf(
  { results, differences }: Comparison,
  measurement: Measurement | undefined,
  { maxOverheadMs, maxBytes }: Budgets,
): readonly Finding[] {
  const called = new Map<Protocol, SeenCall>(
    results.flatMap(({ protocol, warm, cold }) => {
      const call = warm ?? cold;
      return call === undefined ? [] : [[protocol, call] as const];
    }),
  );
  const findings: Finding[] = differences.map(({ protocols: [left, right], differences: list }) => ({
    kind: 'difference',
    text: `${protocolNames[left]} and ${protocolNames[right]} answer differently in ${list.map(placeText).join(', ')}`,
  }));
  for (const { protocol, problem } of results) {
    if (problem !== undefined) findings.push({ kind: 'no answer', text: `${protocolNames[protocol]}: ${problem}` });
  }
  // Alike as these answers are, they are nobody's.
  if (called.size > 0 && [...called.values()].every(({ answer }) => answer.status.code === 'UNAVAILABLE')) {
    findings.push({ kind: 'no answer', text: 'the upstream does not answer: UNAVAILABLE' });
  }
  const rest = called.get('rest');
  const bytes = rest && totalBytes(rest);
  if (maxBytes !== undefined && bytes !== undefined && bytes > maxBytes) {
    findings.push({ kind: 'bytes', text: `REST takes ${bytesText(bytes)}, over the budget of ${bytesText(maxBytes)}` });
  }
  const overheadMs = overheadOf(called, measurement);
  if (maxOverheadMs !== undefined && overheadMs !== undefined && overheadMs > maxOverheadMs) {
    findings.push({
      kind: 'overhead',
      text: `REST takes ${msText(overheadMs)} more than gRPC, over the budget of ${msText(maxOverheadMs)}`,
    });
  }
  return findings;
}

function placeText({ path, reason }: ReasonedDifference): string {
  return `${path || 'all'}${reason === undefined ? '' : ` (${reason})`}`;
}

/** REST's median less that of gRPC, straight to the upstream where that was called; without a measurement those of one call. */
function overheadOf(called: ReadonlyMap<Protocol, SeenCall>, measurement: Measurement | undefined): number | undefined {
  const timeOf = (protocol: Protocol): number | undefined =>
    measurement === undefined
      ? called.get(protocol)?.performed.totalMs
      : measurement.measured.find((one) => one.protocol === protocol)?.summary?.p50;
  const rest = timeOf('rest');
  const grpc = timeOf('grpc-direct') ?? timeOf('grpc');
  return rest === undefined || grpc === undefined ? undefined : rest - grpc;
}
