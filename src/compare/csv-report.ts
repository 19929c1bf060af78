/** A measurement as a table for other programs: a line a call. */
import type { Measurement } from './measure.ts';

/** Milliseconds, by protocol and in the order in which the calls ended. */
export function csvReport({ measured }: Measurement): string {
  const lines = measured.flatMap(({ protocol, durations, starts }) =>
    durations.map((duration, index) => `${protocol},${(starts[index] ?? 0).toFixed(3)},${duration.toFixed(4)}`),
  );
  return ['protocol,start_ms,duration_ms', ...lines, ''].join('\n');
}
