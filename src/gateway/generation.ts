/**
 * @module Generation: everything that was decided at start-up, in one immutable object. A reload makes the next one; calls in flight
 * finish on the one they began with.
 */
import type { Codec } from '../codec/codec.ts';
import { createCodec } from '../codec/create-codec.ts';
import type { Counters } from '../limits/call-limits.ts';
import type { Documents } from '../openapi/documents.ts';
import type { Binding } from '../routing/binding.ts';
import { createBindings } from '../routing/create-bindings.ts';
import { findOverlaps } from '../routing/overlaps.ts';
import { createRouteTable, type RouteTable } from '../routing/route-table.ts';
import { collectHttpRules } from '../schema/collect-http-rules.ts';
import type { MethodDescriptor, Schema, ServiceDescriptor } from '../schema/descriptors.ts';
import type { MethodRules } from '../schema/http-rule.ts';
import { loadSchema } from '../schema/load-schema.ts';
import { type Problem, SchemaError } from '../schema/problem.ts';
import { readServiceConfigs } from '../schema/service-config.ts';
import type { Security } from '../security/security.ts';
import { createTranscoder, type Transcoder } from '../transcode/transcoder.ts';
import type { Transport } from '../upstream/transport.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import type { Validation } from '../validation/create-validation.ts';
import { builtInHooks } from './built-in-hooks.ts';
import type { RpcHooks } from './hooks.ts';
import { openApiOptionsOf } from './open-api-options.ts';
import {
  documentsOf,
  limitsOf,
  mockOf,
  pluginsOf,
  reflectedOf,
  restTargetsOf,
  securityOf,
  uncalledTracerOf,
  unknownFieldsOf,
  validationOf,
} from './optional-parts.ts';
import type { Options } from './options.ts';
import type { ReflectedFiles } from './reflect.ts';
import { requestInfoHooks } from './request-id.ts';
import type { RestTargets } from './rest-upstreams.ts';
import type { CallTarget } from './rpc.ts';
import { createRpcRoutes, type RpcRoutes } from './rpc-routes.ts';
import { codecOptionsOf, rpcCodecOptionsOf, transcodeOptionsOf } from './transcode-options.ts';
import type { Uncalled } from './uncalled.ts';

export interface Generation {
  readonly options: Options;
  readonly schema: Schema;
  readonly table: RouteTable;
  /** Full names of the services that are served. */
  readonly services: readonly string[];
  /** What can be called by path: the methods of the services served, of rules that were added to others, and of gRPC's own. */
  readonly methods: ReadonlyMap<string, MethodDescriptor>;
  readonly transcoder: Transcoder;
  /** The calls of gRPC-Web and Connect clients; undefined when neither is spoken. */
  readonly rpcRoutes: RpcRoutes | undefined;
  /** Query parameters that named no field, by the path of the method: since the first generation. */
  readonly unknownParameters: Map<string, number>;
  /** For their messages in JSON. */
  readonly rpcCodec: Codec;
  /** The rules that are left out since they cannot be served, where the options allow it; they are findings too. */
  readonly skipped: readonly Problem[];
  /** Who may call what; undefined where nobody is asked. */
  readonly security: Security | undefined;
  /** What is counted under `limits.calls`; undefined where nothing is. */
  readonly counters: Counters | undefined;
  /** What of requests is held before an upstream is called, by the path of the method; undefined where nothing is. */
  readonly validators: Validation['validators'] | undefined;
  /** What the options make each RPC pass, plugins included, before the hooks that a program adds. */
  readonly hooks: readonly RpcHooks[];
  /** What makes a span of a request that calls no method; undefined where nothing is traced. */
  readonly traceUncalled: ((uncalled: Uncalled) => void) | undefined;
  /** What is no error but worth knowing: overlaps, rules that can never match. `tandem check` prints them. */
  readonly findings: readonly Problem[];
  /** What upstreams have told by reflection. */
  readonly reflected: ReflectedFiles;
  /** Upstreams whose descriptors are asked for by reflection and could not be fetched yet. */
  readonly unreflected: readonly Transport[];
  /** Where the calls of services go that are REST only. */
  readonly rest: RestTargets | undefined;
  /** What answers for services that no upstream serves, when the options ask for it. */
  readonly mock: CallTarget | undefined;
  /** Its OpenAPI documents, each made when it is first asked for; so is what makes them. */
  readonly documents: () => Promise<Documents>;
}

/**
 * Builds a generation from the options; what is costly to fetch is taken over from the one before. Rejects with SchemaError listing every
 * problem of protos and rules.
 */
export async function createGeneration(
  options: Options,
  upstreams: Upstreams,
  before?: Generation,
): Promise<Generation> {
  const { files, unreachable } = await reflectedOf(options, upstreams, before);
  const serviceConfigs = readServiceConfigs(options.rules);
  const loaded = await loadSchema({
    protos: options.protos,
    imports: options.imports,
    descriptorSets: options.descriptorSets,
    fileDescriptors: [...files.values()].flat(),
    mixins: serviceConfigs.mixins,
  }).catch((error) => {
    // All at once: what is wrong with the rules' files does not wait for the protos to be right.
    throw error instanceof SchemaError ? new SchemaError([...error.problems, ...serviceConfigs.problems]) : error;
  });
  const { schema, services } = loaded;
  const rules = collectHttpRules(loaded, serviceConfigs);
  const bound = createBindings(withUnannotated(rules.rules, services), options.transcoding);
  const routed = createRouteTable(bound.bindings, options.transcoding);
  const secured = await securityOf(options, schema, bound.bindings, before);
  const limited = await limitsOf(options, schema, bound.bindings, before);
  const plugins = await pluginsOf(options);
  const methods = methodsOf(services, schema, routed.table.bindings);
  const validation = await validationOf(options, methods, schema);
  // What an upstream has yet to tell may hold the services and methods that are missed here.
  const missed =
    unreachable.length > 0
      ? []
      : [
          ...rules.problems,
          ...unknownServices(options, schema),
          ...(await unknownFieldsOf(options, schema)),
          ...(secured?.unknown ?? []),
          ...(limited?.problems ?? []),
        ];
  const skipped = options.transcoding.wrongRules === 'skip' ? bound.problems : [];
  const problems = [
    ...missed,
    ...(secured?.problems ?? []),
    ...(skipped.length > 0 ? [] : bound.problems),
    ...routed.problems,
    ...plugins.problems,
    ...(validation?.problems ?? []),
  ];
  if (problems.length > 0) throw new SchemaError(problems);
  const { table } = routed;
  const unknownParameters = before?.unknownParameters ?? new Map();
  return Object.freeze({
    options,
    schema,
    table,
    services: services.map(({ fullName }) => fullName),
    methods,
    transcoder: createTranscoders(options, schema, unknownParameters),
    unknownParameters,
    rpcRoutes: createRpcRoutes(methods, options.protocols),
    rpcCodec: createCodec(schema, rpcCodecOptionsOf(options)),
    skipped,
    findings: [
      ...skipped,
      ...bound.findings,
      ...routed.findings,
      ...findOverlaps(table.bindings),
      ...(validation?.findings ?? []),
    ],
    security: secured?.security,
    counters: limited?.counters,
    validators: validation?.validators,
    hooks: [
      ...(await builtInHooks(options, secured?.security, limited, validation?.validators)),
      ...plugins.hooks,
      ...(options.observability.requestIds ? [requestInfoHooks] : []),
    ],
    traceUncalled: await uncalledTracerOf(options),
    reflected: files,
    unreflected: unreachable,
    rest: await restTargetsOf(options, table.bindings, schema),
    mock: await mockOf(options, schema),
    documents: documentsOf({
      bindings: table.bindings,
      schema,
      options: openApiOptionsOf(options, secured?.security),
    }),
  });
}

function methodsOf(
  served: readonly ServiceDescriptor[],
  { services }: Schema,
  bindings: readonly Binding[],
): ReadonlyMap<string, MethodDescriptor> {
  const own = [...services.values()].filter(({ fullName }) => fullName.startsWith('grpc.'));
  const methods = [...served, ...own].flatMap((service) => service.methods);
  return new Map([...methods, ...bindings.map(({ method }) => method)].map((method) => [method.path, method]));
}

/** Methods without a rule stand behind the others with none: automatic mapping, if it is on, gives them one. */
function withUnannotated(
  rules: readonly MethodRules[],
  services: readonly ServiceDescriptor[],
): readonly MethodRules[] {
  const annotated = new Set(rules.map(({ method }) => method));
  const others = services.flatMap(({ methods }) => methods).filter((method) => !annotated.has(method));
  return [...rules, ...others.map((method) => ({ method, rules: [] }))];
}

function createTranscoders(options: Options, schema: Schema, unknown: Map<string, number>): Transcoder {
  const codecOptions = codecOptionsOf(options);
  const detailCodec = createCodec(schema, { ...codecOptions, unknownAny: 'base64' });
  const onUnknownQuery = ({ path }: MethodDescriptor): void => void unknown.set(path, (unknown.get(path) ?? 0) + 1);
  const transcodeOptions = { ...transcodeOptionsOf(options), onUnknownQuery };
  return createTranscoder(createCodec(schema, codecOptions), detailCodec, transcodeOptions);
}

/** Services and methods that the configuration speaks of but that nothing describes. */
function unknownServices({ upstreams, restUpstreams, shadow }: Options, { services }: Schema): readonly Problem[] {
  const problems: Problem[] = [];
  const known = [...services.keys()].join(', ') || 'none';
  const check = (subject: string, service: string | undefined, method?: string): void => {
    if (service === undefined) return;
    const methods = services.get(service)?.methods.map(({ name }) => name);
    if (methods === undefined) {
      problems.push({
        position: undefined,
        subject,
        message: `no proto has a service ${service}; write one of ${known}`,
      });
    } else if (method !== undefined && !methods.includes(method)) {
      const message = `${service} has no method ${method}; write one of ${methods.join(', ')}`;
      problems.push({ position: undefined, subject, message });
    }
  };
  for (const [index, name] of shadow?.methods.entries() ?? []) {
    const [service, method = ''] = name.split('/');
    check(`shadow.methods[${index}]`, service, method);
  }
  for (const [index, { services: own }] of restUpstreams.entries()) {
    for (const service of own) check(`restUpstreams[${index}].services`, service);
  }
  for (const [index, upstream] of upstreams.entries()) {
    for (const service of upstream.services) check(`upstreams[${index}].services`, service);
    for (const [at, { name }] of upstream.methodConfig.entries()) {
      for (const { service, method } of name) check(`upstreams[${index}].methodConfig[${at}].name`, service, method);
    }
  }
  return problems;
}
