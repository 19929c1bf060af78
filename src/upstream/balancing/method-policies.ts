/**
 * What the configuration says of single methods: `methodConfig` of gRPC's service config.
 * https://github.com/grpc/grpc/blob/master/doc/service_config.md
 */
import type { RetryPolicy } from './retry-policy.ts';

export interface MethodPolicy {
  /** The longest that a call may take, whatever deadline it asks for. */
  readonly timeoutMs?: number | undefined;
  /** For all calls with one message on either side, those that are not idempotent as well. */
  readonly retry?: RetryPolicy | undefined;
}

export interface MethodConfig extends MethodPolicy {
  /** Neither service nor method: every method; no method: all of the service. */
  readonly name: readonly { readonly service?: string | undefined; readonly method?: string | undefined }[];
}

/** The policy of a method by its path, `/package.Service/Method`: of its own, of its service, or of all. */
export function compileMethodPolicies(
  configs: readonly MethodConfig[],
): ((path: string) => MethodPolicy | undefined) | undefined {
  if (configs.length === 0) return undefined;
  const written = new Map<string, MethodPolicy>();
  for (const config of configs) {
    for (const { service, method } of config.name) {
      const key = service === undefined ? '' : `/${service}/${method ?? ''}`;
      // The first one counts, as where gRPC's libraries do not refuse the second.
      if (!written.has(key)) written.set(key, config);
    }
  }
  const known = new Map<string, MethodPolicy | undefined>();
  return (path) => {
    if (known.has(path)) return known.get(path);
    const ofService = path.slice(0, path.lastIndexOf('/') + 1);
    const policy = written.get(path) ?? written.get(ofService) ?? written.get('');
    known.set(path, policy);
    return policy;
  };
}
