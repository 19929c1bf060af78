/**
 * @module OpenTelemetry: each RPC as spans and measures, and the W3C context of its client passed on. By the API alone, which does nothing
 * unless the process has registered an SDK. Loaded only where it is on.
 */
import { ProxyTracerProvider, trace } from '@opentelemetry/api';
import type { RpcHooks } from '../hooks.ts';
import type { Options } from '../options.ts';
import { createMeasures } from './measures.ts';
import { beginCall, beginRpc, endRpc } from './spans.ts';
import { upstreamAttributes } from './upstream-attributes.ts';

/** To run before all other hooks: what they refuse is part of the trace. */
export function telemetryHooks(options: Options): RpcHooks {
  warnWithoutSdk();
  const attributesOf = upstreamAttributes(options);
  const measure = createMeasures();
  return {
    beforeBind: beginRpc,
    beforeSend: (rpc, call) => beginCall(rpc, call, attributesOf(rpc.method.service.fullName)),
    onEnd(rpc, outcome) {
      endRpc(rpc, outcome);
      measure(rpc, outcome);
    },
  };
}

function warnWithoutSdk(): void {
  const provider = trace.getTracerProvider();
  if (!(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('tandem') !== undefined) return;
  const message =
    'observability.openTelemetry is on, but no SDK of OpenTelemetry is registered: start Node with --import and a module that does';
  process.emitWarning(message, { code: 'TANDEM_OPEN_TELEMETRY' });
}
