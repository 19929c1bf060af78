/** Where the calls of services go that are REST only. Made for each generation, since it is the rules that say how to call them. */
import { createCodec } from '../codec/create-codec.ts';
import type { Binding } from '../routing/binding.ts';
import type { Schema } from '../schema/descriptors.ts';
import { type Problem, SchemaError } from '../schema/problem.ts';
import type { Options } from './options.ts';
import type { CallTarget } from './rpc.ts';
import { readTlsFiles } from './tls-files.ts';

/** The target of a service by its full name; undefined for one that is not REST only. */
export type RestTargets = (service: string) => CallTarget | undefined;

const everyService = '*';

/** Rejects with SchemaError for files that cannot be read. Undefined when nothing is configured. */
export async function createRestTargets(
  { restUpstreams, limits }: Options,
  bindings: readonly Binding[],
  schema: Schema,
): Promise<RestTargets | undefined> {
  if (restUpstreams.length === 0) return undefined;
  const { createRestTransport } = await import('../upstream/rest/rest-transport.ts');
  // A server may know more than these protos; the client would not hear of it anyway.
  const codec = createCodec(schema, { ignoreUnknown: true });
  const problems: Problem[] = [];
  const targets = new Map<string, CallTarget>();
  for (const [index, { url, services, headers, ca, timeout }] of restUpstreams.entries()) {
    const files = readTlsFiles({ ca }, `restUpstreams[${index}]`, problems);
    const own = bindings.filter(({ method }) => services.length === 0 || services.includes(method.service.fullName));
    const transport = createRestTransport(own, codec, {
      url,
      headers,
      ca: files.ca,
      maxReplyBytes: limits.replyBytes,
    });
    const target = { transport, timeoutMs: timeout ?? limits.timeoutDefault };
    for (const service of services.length === 0 ? [everyService] : services) targets.set(service, target);
  }
  if (problems.length > 0) throw new SchemaError(problems);
  return (service) => targets.get(service) ?? targets.get(everyService);
}
