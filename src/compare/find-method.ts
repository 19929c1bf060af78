/** Methods by what people call them. */
import type { Binding } from '../routing/binding.ts';
import type { MethodDescriptor, Schema } from '../schema/descriptors.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

/**
 * The method of a name as long as it has to be: `GetBook`, `Library.GetBook`, `library.v1.Library.GetBook`, with a slash before the method if one
 * likes. Throws NOT_FOUND, or INVALID_ARGUMENT that lists the ones meant.
 */
export function findMethod(schema: Schema, name: string): MethodDescriptor {
  const wanted = name.replace(/^\//, '').replaceAll('/', '.');
  const exact = schema.methods.get(wanted);
  if (exact !== undefined) return exact;
  const found = [...schema.methods].filter(([fullName]) => fullName.endsWith(`.${wanted}`));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only[1];
  if (only === undefined)
    throw new StatusError(GrpcCode.NOT_FOUND, `no method is called ${name}; tandem routes lists them`);
  throw StatusError.invalidField(
    '',
    `${name} may be ${found.map(([fullName]) => fullName).join(' or ')}; write more of the name`,
  );
}

/** The first rule of a method, which is how REST calls it. */
export function ruleOf(bindings: readonly Binding[], method: MethodDescriptor): Binding | undefined {
  return (
    bindings.find((binding) => binding.method === method && binding.index === 0) ??
    bindings.find((one) => one.method === method)
  );
}

/** Calling it again changes nothing more: its second call can be compared with its first one. */
export function isRepeatable(method: MethodDescriptor, binding: Binding | undefined): boolean {
  return method.idempotency !== 'unknown' || binding?.httpMethod === 'GET';
}
