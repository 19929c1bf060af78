/** The measures of an RPC under OpenTelemetry's names; those for Prometheus come from the same outcomes (server/metrics). */
import { type Attributes, type Histogram, metrics } from '@opentelemetry/api';
import type { Rpc, RpcOutcome } from '../hooks.ts';
import { durationBuckets, transcodeBuckets } from './buckets.ts';
import { clientOutcome, methodNameOf, serverAttributes, serverOutcome } from './rpc-attributes.ts';

/** What records each call that has ended. */
export function createMeasures(): (rpc: Rpc, outcome: RpcOutcome) => void {
  const served = histogram('rpc.server.call.duration', 'Calls as their clients see them.', durationBuckets);
  const requests = histogram('http.server.request.duration', 'Calls by REST.', durationBuckets);
  const called = histogram('rpc.client.call.duration', 'Calls to upstreams, with all attempts.', durationBuckets);
  const transcoded = histogram('tandem.transcode.duration', 'To bind and to render a unary call.', transcodeBuckets);
  return (rpc, outcome) => {
    const attributes: Attributes = { ...serverAttributes(rpc), ...serverOutcome(rpc, outcome) };
    const method = { 'rpc.method': methodNameOf(rpc) };
    served.record(outcome.durationMs / 1000, attributes);
    if (rpc.protocol === 'rest') requests.record(outcome.durationMs / 1000, attributes);
    if (outcome.upstreamMs !== undefined) {
      called.record(outcome.upstreamMs / 1000, {
        'rpc.system.name': 'grpc',
        ...method,
        ...clientOutcome(outcome.upstreamError),
      });
    }
    if (outcome.transcodeMs !== undefined) transcoded.record(outcome.transcodeMs / 1000, method);
  };
}

function histogram(name: string, description: string, explicitBucketBoundaries: number[]): Histogram {
  return metrics.getMeter('tandem').createHistogram(name, {
    description,
    unit: 's',
    advice: { explicitBucketBoundaries },
  });
}
