/** What is counted and measured of each RPC, whichever protocol its client speaks. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Rpc, RpcOutcome } from '../../gateway/hooks.ts';
import { durationBuckets, transcodeBuckets } from '../../gateway/telemetry/buckets.ts';

/** Measures every call that begins from now on. */
export function addRpcMetrics(gateway: Gateway, registry: Registry): void {
  const open = new Set<Rpc>();
  const record = createRecorder(registry);
  const registers = [registry];
  new Gauge({
    name: 'tandem_rpcs_open',
    help: 'Calls that have begun and not ended: unary, stream.',
    labelNames: ['kind'],
    registers,
    collect() {
      const streams = [...open].filter(({ method }) => method.isClientStreaming || method.isServerStreaming).length;
      this.set({ kind: 'stream' }, streams);
      this.set({ kind: 'unary' }, open.size - streams);
    },
  });
  gateway.addHooks({
    beforeBind: (rpc) => void open.add(rpc),
    onEnd(rpc, outcome) {
      open.delete(rpc);
      record(rpc, outcome);
    },
  });
}

function createRecorder(registry: Registry): (rpc: Rpc, outcome: RpcOutcome) => void {
  const byStatus = ['grpc_method', 'grpc_status'] as const;
  const registers = [registry];
  const served = new Histogram({
    name: 'grpc_server_call_duration_seconds',
    help: 'Time of a call as its client sees it: rest, websocket, grpc, grpc-web or connect.',
    labelNames: [...byStatus, 'protocol'],
    buckets: durationBuckets,
    registers,
  });
  const called = new Histogram({
    name: 'grpc_client_call_duration_seconds',
    help: 'Time of a call to the upstream, with all attempts.',
    labelNames: byStatus,
    buckets: durationBuckets,
    registers,
  });
  const transcoded = new Histogram({
    name: 'tandem_transcode_duration_seconds',
    help: 'Time to bind the request and render the reply of a unary REST call.',
    labelNames: ['grpc_method'],
    buckets: transcodeBuckets,
    registers,
  });
  const bytes = new Counter({
    name: 'tandem_rpc_message_bytes_total',
    help: 'Bytes of messages as protobuf: to the upstream (request), from it (reply).',
    labelNames: ['grpc_method', 'direction'],
    registers,
  });
  const messages = new Counter({
    name: 'tandem_rpc_messages_total',
    help: 'Messages to the upstream (request) and from it (reply).',
    labelNames: ['grpc_method', 'direction'],
    registers,
  });
  const refusals = new Counter({
    name: 'tandem_refusals_total',
    help: 'Calls that failed before anything went upstream: by security, limits, hooks or what the client sent.',
    labelNames: byStatus,
    registers,
  });
  const aborts = new Counter({
    name: 'tandem_stream_aborts_total',
    help: 'Streams of replies that failed after their first message: the client had its 200.',
    labelNames: byStatus,
    registers,
  });
  return ({ method, protocol }, outcome) => {
    const grpc_method = method.path.slice(1);
    const grpc_status = outcome.error?.codeName ?? 'OK';
    served.observe({ grpc_method, grpc_status, protocol }, outcome.durationMs / 1000);
    if (outcome.upstreamMs !== undefined) {
      called.observe({ grpc_method, grpc_status: outcome.upstreamError?.codeName ?? 'OK' }, outcome.upstreamMs / 1000);
    }
    if (outcome.transcodeMs !== undefined) transcoded.observe({ grpc_method }, outcome.transcodeMs / 1000);
    for (const direction of ['request', 'reply'] as const) {
      messages.inc({ grpc_method, direction }, outcome[`${direction}Messages`]);
      bytes.inc({ grpc_method, direction }, outcome[`${direction}Bytes`]);
    }
    if (outcome.error !== undefined && outcome.upstreamMs === undefined) refusals.inc({ grpc_method, grpc_status });
    if (method.isServerStreaming && outcome.error !== undefined && outcome.replyMessages > 0) {
      aborts.inc({ grpc_method, grpc_status });
    }
  };
}
