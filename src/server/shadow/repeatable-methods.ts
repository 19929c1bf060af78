/** The methods whose calls may be made once more without anybody noticing. */
import { ruleOf } from '../../compare/find-method.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Options } from '../../gateway/options.ts';
import { hasStreams } from '../../gateway/rpc.ts';
import type { Binding } from '../../routing/binding.ts';
import type { MethodDescriptor } from '../../schema/descriptors.ts';

/**
 * Each with the rule by which REST calls it: those that say NO_SIDE_EFFECTS, those that GET calls unless they say something else, and those that the
 * options name. Without streams: to hold one whole would have no bound.
 */
export function repeatableMethods(
  { generation }: Pick<Gateway, 'generation'>,
  { methods: named, over }: NonNullable<Options['shadow']>,
): ReadonlyMap<MethodDescriptor, Binding | undefined> {
  const { bindings } = generation.table;
  const byGet = new Set(bindings.filter(({ httpMethod }) => httpMethod === 'GET').map(({ method }) => method));
  const isRepeatable = (method: MethodDescriptor): boolean =>
    method.idempotency === 'noSideEffects' ||
    (method.idempotency === 'unknown' && byGet.has(method)) ||
    named.includes(method.path.slice(1));
  return new Map(
    [...generation.methods.values()]
      .filter((method) => !hasStreams(method) && isRepeatable(method))
      .map((method) => [method, ruleOf(bindings, method)] as const)
      .filter(([, binding]) => over !== 'rest' || binding !== undefined),
  );
}
