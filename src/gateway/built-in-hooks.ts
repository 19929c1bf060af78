/** What the configuration makes each RPC pass, as hooks. */
import { identityOf, setIdentity } from '../security/identity.ts';
import type { Security } from '../security/security.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Validation } from '../validation/create-validation.ts';
import type { Rpc, RpcHooks } from './hooks.ts';
import type { LimitHooks } from './limit-hooks.ts';
import type { Options } from './options.ts';

/** The hooks of one generation, in the order in which they run. A reload makes them anew. */
export async function builtInHooks(
  options: Options,
  security: Security | undefined,
  limits: LimitHooks | undefined,
  validators: Validation['validators'] | undefined,
): Promise<readonly RpcHooks[]> {
  const telemetry = options.observability.openTelemetry ? await import('./telemetry/telemetry.ts') : undefined;
  return [
    ...(telemetry === undefined ? [] : [telemetry.telemetryHooks(options)]),
    ...(limits?.beforeIdentity ?? []),
    ...(security === undefined ? [] : [securityHooks(security, options.security.cors)]),
    ...(limits?.byIdentity ?? []),
    ...(validators === undefined || validators.size === 0 ? [] : [validationHooks(validators)]),
  ];
}

function securityHooks(security: Security, cors: Options['security']['cors']): RpcHooks {
  return {
    async beforeBind(rpc) {
      const { error, identity } = await security.decide(rpc.method, rpc);
      if (error !== undefined) throw error;
      if (identity?.isLent === true) refuseOtherSites(rpc.request, cors);
      setIdentity(rpc, identity);
    },
    beforeSend(rpc, call) {
      call.metadata = security.outgoing(call.metadata, identityOf(rpc));
    },
  };
}

/**
 * A form of any site can post in the name of who looks at it. Browsers say of a request to https whose page makes it
 * (https://www.w3.org/TR/fetch-metadata/); what only reads may come from anywhere, and WebSockets are asked by `webSocketOrigins`.
 */
function refuseOtherSites({ method, headers }: Rpc['request'], cors: Options['security']['cors']): void {
  if (headers['sec-fetch-site'] !== 'cross-site' || method === 'GET' || method === 'HEAD') return;
  if (cors?.credentials === true && cors.origins.includes(String(headers['origin']))) return;
  throw new StatusError(GrpcCode.PERMISSION_DENIED, 'pages of other sites may not call with what the browser adds', {
    cause: new Error('the credentials are those that browsers send by themselves, and the page is of another site'),
  });
}

function validationHooks(validators: Validation['validators']): RpcHooks {
  return {
    onRequestMessage({ method }, message) {
      validators.get(method.path)?.(message);
    },
  };
}
