/**
 * The parts of a generation that most gateways do without, each by the options that ask for it. What is off is not loaded: a module takes
 * half a millisecond of every start.
 */
import { createCodec } from '../codec/create-codec.ts';
import type { OpenApiInput } from '../openapi/create-openapi.ts';
import type { Documents } from '../openapi/documents.ts';
import type { Binding } from '../routing/binding.ts';
import type { Schema } from '../schema/descriptors.ts';
import type { Problem } from '../schema/problem.ts';
import type { CreatedSecurity } from '../security/security.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { Validation } from '../validation/create-validation.ts';
import { asksCallers } from './check-security.ts';
import type { Generation } from './generation.ts';
import type { LimitHooks } from './limit-hooks.ts';
import type { Options } from './options.ts';
import type { LoadedPlugins } from './plugins.ts';
import type { Reflected } from './reflect.ts';
import type { RestTargets } from './rest-upstreams.ts';
import type { CallTarget } from './rpc.ts';

/** What upstreams tell of themselves; what they told before holds while they cannot be asked. */
export async function reflectedOf(
  { reflect }: Options,
  { transports }: Upstreams,
  before: Generation | undefined,
): Promise<Reflected> {
  if (!reflect) return { files: new Map(), unreachable: [] };
  const { reflectAll } = await import('./reflect.ts');
  return await reflectAll(transports, before?.reflected);
}

/** The hooks of `plugins`. */
export async function pluginsOf(options: Options): Promise<LoadedPlugins> {
  if (options.plugins.length === 0) return { hooks: [], problems: [] };
  const { loadPlugins } = await import('./plugins.ts');
  return await loadPlugins(options);
}

/** Fields under `shadow` that no message has. */
export async function unknownFieldsOf(options: Options, schema: Schema): Promise<readonly Problem[]> {
  return options.shadow === undefined ? [] : (await import('./check-shadow.ts')).unknownFields(options.shadow, schema);
}

/** Where the calls of services go that are REST only. */
export async function restTargetsOf(
  options: Options,
  bindings: readonly Binding[],
  schema: Schema,
): Promise<RestTargets | undefined> {
  if (options.restUpstreams.length === 0) return undefined;
  const { createRestTargets } = await import('./rest-upstreams.ts');
  return createRestTargets(options, bindings, schema);
}

/** Who may call what; undefined where nobody is asked. */
export async function securityOf(
  { security }: Options,
  { services }: Schema,
  bindings: readonly Binding[],
  before: Generation | undefined,
): Promise<CreatedSecurity | undefined> {
  if (!asksCallers(security)) return undefined;
  const { createSecurity } = await import('../security/security.ts');
  return await createSecurity(security, { services, bindings, keySources: before?.security?.keySources });
}

/** What is counted under `limits.calls`. */
export async function limitsOf(
  { limits }: Options,
  { services }: Schema,
  bindings: readonly Binding[],
  before: Generation | undefined,
): Promise<LimitHooks | undefined> {
  if (limits.calls.length === 0) return undefined;
  const { createLimitHooks } = await import('./limit-hooks.ts');
  return await createLimitHooks(limits, { services, bindings }, before?.counters);
}

/** What is wrong with messages by the options of their protos. */
export async function validationOf(
  { validation }: Options,
  methods: Generation['methods'],
  schema: Schema,
): Promise<Validation | undefined> {
  if (!Object.values(validation).includes(true)) return undefined;
  const { createValidation } = await import('../validation/create-validation.ts');
  return createValidation([...methods.values()], schema, validation);
}

/** What makes a span of a request that calls no method. */
export async function uncalledTracerOf({ observability }: Options): Promise<Generation['traceUncalled']> {
  return observability.openTelemetry ? (await import('./telemetry/uncalled.ts')).traceUncalled : undefined;
}

/** What answers for services that no upstream serves. */
export async function mockOf({ mock, limits }: Options, schema: Schema): Promise<CallTarget | undefined> {
  if (!mock) return undefined;
  const { createMockTransport } = await import('../upstream/mock/mock-transport.ts');
  return { transport: createMockTransport(createCodec(schema)), timeoutMs: limits.timeoutDefault };
}

/** Of most gateways nobody asks for a document. */
export function documentsOf(input: OpenApiInput): Generation['documents'] {
  let documents: Promise<Documents> | undefined;
  return () => (documents ??= import('../openapi/documents.ts').then(({ createDocuments }) => createDocuments(input)));
}
