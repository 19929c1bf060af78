/**
 * @module The HTTP rules of a schema: annotations, overridden by service configurations. Rules are read here and
 * joined to their methods' fields in routing.
 */
import type { MethodDescriptor } from './descriptors.ts';
import type { MethodRules } from './http-rule.ts';
import type { LoadedSchema } from './load-schema.ts';
import type { ParsedRules } from './parse-http-rule.ts';
import { parseHttpRule } from './parse-http-rule.ts';
import type { Problem } from './problem.ts';
import { subjectOf } from './resolve-references.ts';
import type { ConfiguredRule, ServiceConfigs } from './service-config.ts';

export interface CollectedRules {
  /**
   * Methods that have a rule: annotated ones in the order of declaration, then those that only a configuration names.
   */
  readonly rules: readonly MethodRules[];
  readonly problems: readonly Problem[];
}

/**
 * The rules of all methods: those of the services to serve from their annotations, then whatever configurations
 * select, of any service of the schema. A configured rule replaces the method's whole rule, and of several the last
 * one holds (google/api/http.proto: "All service configuration rules follow 'last one wins' order").
 */
export function collectHttpRules({ schema, services }: LoadedSchema, configs: ServiceConfigs): CollectedRules {
  const problems: Problem[] = [...configs.problems];
  const parsed = new Map<MethodDescriptor, ParsedRules>();
  const served = services.flatMap(({ methods }) => methods);
  for (const method of served) {
    const value = method.options.get('google.api.http');
    if (value === undefined) continue;
    const { position } = method;
    parsed.set(method, parseHttpRule({ value, position, bindingPositions: [] }));
  }
  for (const rule of configs.rules) {
    const methods = selectMethods(
      rule,
      schema.methods,
      services.flatMap((service) => service.methods),
    );
    if (methods.length === 0) problems.push(unknownSelector(rule, schema.methods));
    for (const method of methods) parsed.set(method, configured(parseHttpRule(rule)));
  }
  for (const [method, { faults }] of parsed) {
    problems.push(...faults.map(({ position, message }) => ({ position, subject: subjectOf(method), message })));
  }
  return { rules: [...parsed].map(([method, { rules }]) => ({ method, rules })), problems };
}

function configured({ rules, faults }: ParsedRules): ParsedRules {
  return { rules: rules.map((rule) => ({ ...rule, isConfigured: true })), faults };
}

/** A wildcard speaks of the services to serve; a whole name of any method that is known. */
function selectMethods(
  { selector }: ConfiguredRule,
  methods: ReadonlyMap<string, MethodDescriptor>,
  served: readonly MethodDescriptor[],
): readonly MethodDescriptor[] {
  if (selector.endsWith('*')) return served.filter(({ fullName }) => fullName.startsWith(selector.slice(0, -1)));
  const method = methods.get(selector);
  return method === undefined ? [] : [method];
}

function unknownSelector(
  { selector, position }: ConfiguredRule,
  methods: ReadonlyMap<string, MethodDescriptor>,
): Problem {
  const short = selector.slice(selector.lastIndexOf('.') + 1);
  const near = [...methods.keys()].find((name) => name.endsWith(`.${short}`)) ?? methods.keys().next().value;
  const hint = near === undefined ? 'no method is known at all' : `write a full name such as ${near}`;
  return { position, subject: selector, message: `the selector names no method of the protos; ${hint}` };
}
