/** What is counted and measured of calls that shadow mode repeats. */
import { Counter, Histogram, type Registry } from 'prom-client';
import { durationBuckets } from '../../gateway/telemetry/buckets.ts';
import type { ShadowResult } from '../shadow/shadow-result.ts';

export function createShadowMetrics(registry: Registry): (result: ShadowResult) => void {
  const registers = [registry];
  const labelNames = ['grpc_method', 'over'] as const;
  const calls = new Counter({
    name: 'tandem_shadow_calls_total',
    help: 'Calls chosen to be repeated, by result: equal, different, failed, skipped.',
    labelNames: [...labelNames, 'result'],
    registers,
  });
  const skipped = new Counter({
    name: 'tandem_shadow_skipped_total',
    help: 'Of these the ones left out, by reason: queue, memory, size, failed_call, unsuitable.',
    labelNames: [...labelNames, 'reason'],
    registers,
  });
  const durations = new Histogram({
    name: 'tandem_shadow_duration_seconds',
    help: 'Time of the client’s call and of the repeated one, between the same points: client, shadow.',
    labelNames: [...labelNames, 'call'],
    buckets: durationBuckets,
    registers,
  });
  return ({ method, over, kind, reason, durations: measured }) => {
    const labels = { grpc_method: method.path.slice(1), over };
    calls.inc({ ...labels, result: kind });
    if (reason !== undefined) skipped.inc({ ...labels, reason });
    for (const [call, ms] of Object.entries(measured ?? {})) durations.observe({ ...labels, call }, ms / 1000);
  };
}
