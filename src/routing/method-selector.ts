/**
 * Methods as a configuration names them: `package.Service/Method`, `package.Service/*`, `package.*`, `*`, or a route such as `GET /v1/books`.
 */
import type { MethodDescriptor, ServiceDescriptor } from '../schema/descriptors.ts';
import type { Problem } from '../schema/problem.ts';
import type { Binding } from './binding.ts';

/** What there is to name. */
export interface Nameable {
  readonly services: ReadonlyMap<string, ServiceDescriptor>;
  readonly bindings: readonly Binding[];
}

/** What a selector holds of a method: how closely it names it, or undefined. */
type Selector = (method: MethodDescriptor) => number | undefined;

/** The closeness of a method's own name, and of its service's. */
export const METHOD: number = 1e6;
export const SERVICE: number = METHOD - 1;

/** gRPC's own services are there whether or not a schema has them. */
const ownServices = /^grpc\.(?:health|reflection|channelz)\./;

/** How closely one of the texts names a method, negative when none does. What names nothing there is becomes a problem of `subject[item]`. */
export function compileSelectors(
  texts: readonly string[],
  nameable: Nameable,
  subject: string,
  problems: Problem[],
): (method: MethodDescriptor) => number {
  const selectors = texts.flatMap((text, item) => {
    const selector = compileSelector(text, nameable);
    if (selector !== undefined) return selector;
    const message = `${text} names nothing; ${exampleOf(nameable)}`;
    problems.push({ position: undefined, subject: `${subject}[${item}]`, message });
    return [];
  });
  return (method) => Math.max(-1, ...selectors.map((selector) => selector(method) ?? -1));
}

function exampleOf({ services }: Nameable): string {
  const [service] = [...services.values()].filter(
    ({ methods, file }) => methods.length > 0 && !file.name.startsWith('google/'),
  );
  const [method] = service?.methods ?? [];
  if (method === undefined) return 'no proto has a service';
  const { fullName } = method.service;
  return `write ${fullName}/${method.name}, ${fullName}/*, a package such as ${fullName.split('.')[0]}.*, a route or *`;
}

/** Undefined for a text that names nothing there is. */
function compileSelector(text: string, { services, bindings }: Nameable): Selector | undefined {
  if (text === '*') return () => 0;
  if (text.includes(' ')) return selectRoute(text, bindings);
  if (text.endsWith('.*')) return selectPackage(text.slice(0, -1), services);
  const [service = '', name = ''] = text.split('/', 2);
  if (text !== `${service}/${name}` || name === '') return undefined;
  const methods = services.get(service)?.methods ?? [];
  const isThere = name === '*' ? services.has(service) : methods.some((method) => method.name === name);
  if (!isThere && !ownServices.test(service)) return undefined;
  if (name === '*') return (method) => (method.service.fullName === service ? SERVICE : undefined);
  return (method) => (method.service.fullName === service && method.name === name ? METHOD : undefined);
}

function selectPackage(prefix: string, services: Nameable['services']): Selector | undefined {
  if (![...services.keys()].some((name) => name.startsWith(prefix))) return undefined;
  return ({ service }) => (service.fullName.startsWith(prefix) ? prefix.length : undefined);
}

/** A route stands for the method that it calls: whichever way it is called, the decision is the same. */
function selectRoute(text: string, bindings: readonly Binding[]): Selector | undefined {
  const named = new Set(
    bindings.filter(({ httpMethod, path }) => `${httpMethod} ${path}` === text).map(({ method }) => method),
  );
  return named.size === 0 ? undefined : (method) => (named.has(method) ? METHOD : undefined);
}
