/** A comparison as plain data. */
import type { Comparison, SeenCall } from './compare-once.ts';
import type { Measurement } from './measure.ts';

export interface Report {
  readonly method: string;
  readonly comparison: Comparison;
  readonly measurement: Measurement | undefined;
  readonly findings: readonly { readonly kind: string; readonly text: string }[];
}

/** What `--json` prints: everything but the raw bytes. */
export function jsonReport(reports: readonly Report[]): unknown {
  return reports.map(({ method, comparison, measurement, findings }) => ({
    method,
    protocols: comparison.results.map(({ protocol, cold, warm, problem }) => ({
      protocol,
      ...(cold && { cold: callJson(cold) }),
      ...(warm && { warm: callJson(warm) }),
      ...(problem !== undefined && { problem }),
    })),
    isSame: comparison.differences.length === 0,
    differences: comparison.differences,
    ...(comparison.additions && { additions: comparison.additions }),
    ...(measurement && { measurement }),
    findings,
  }));
}

function callJson({ performed, answer, request, response, frames }: SeenCall): unknown {
  const { connectMs, firstByteMs, totalMs, reply } = performed;
  const { status, httpStatus, messages, problem } = answer;
  return {
    status,
    ...(httpStatus !== undefined && { httpStatus }),
    ...(problem !== undefined && { problem }),
    messages: messages.map(({ atMs, value }) => ({ atMs, value })),
    headers: reply.headers,
    trailers: reply.trailers,
    timing: { connectMs, firstByteMs, totalMs },
    bytes: { request, response },
    ...(frames.length > 0 && { frames }),
  };
}
