/** What the configuration makes each RPC pass, as hooks. */
import { identityOf, setIdentity } from '../security/identity.ts';
import type { Security } from '../security/security.ts';
import type { RpcHooks } from './hooks.ts';
import type { LimitHooks } from './limit-hooks.ts';
import type { Options } from './options.ts';

/** The hooks of one generation, in the order in which they run. A reload makes them anew. */
export async function builtInHooks(
  options: Options,
  security: Security | undefined,
  limits: LimitHooks | undefined,
): Promise<readonly RpcHooks[]> {
  const telemetry = options.observability.openTelemetry ? await import('./telemetry/telemetry.ts') : undefined;
  return [
    ...(telemetry === undefined ? [] : [telemetry.telemetryHooks(options)]),
    ...(limits?.beforeIdentity ?? []),
    ...(security === undefined ? [] : [securityHooks(security)]),
    ...(limits?.byIdentity ?? []),
  ];
}

function securityHooks(security: Security): RpcHooks {
  return {
    async beforeBind(rpc) {
      const { error, identity } = await security.decide(rpc.method, rpc);
      if (error !== undefined) throw error;
      setIdentity(rpc, identity);
    },
    beforeSend(rpc, call) {
      call.metadata = security.outgoing(call.metadata, identityOf(rpc));
    },
  };
}
