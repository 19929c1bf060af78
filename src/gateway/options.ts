/**
 * The options of a gateway: the content of the configuration file, and equally what the Fastify plugin and
 * `createGateway` take. Checked whole, filled with defaults and frozen before anything uses them.
 */
import { isAbsolute, join } from 'node:path';
import type { SourcePosition } from '../schema/descriptors.ts';
import { type Problem, SchemaError } from '../schema/problem.ts';
import { checkLimits } from './check-limits.ts';
import { checkSecurity } from './check-security.ts';
import type { FormTypes } from './options-forms.ts';
import { optionsSchema } from './options-schema.ts';
import { type KeyPath, walkOptions } from './options-walk.ts';

type FormOf<N> = N extends { readonly $ref: `#/$defs/${infer F extends keyof FormTypes}` } ? F : never;
type Scalar<N> = N extends { readonly enum: readonly (infer E)[] }
  ? E
  : N extends { readonly type: 'boolean' }
    ? boolean
    : N extends { readonly type: 'integer' }
      ? number
      : string;
type RequiredKeys<N> = N extends { readonly required: readonly (infer R extends string)[] } ? R : never;

/** What a node of the schema accepts. */
type Input<N> = N extends { readonly $ref: string }
  ? FormTypes[FormOf<N>]['input']
  : N extends { readonly anyOf: readonly (infer A)[] }
    ? A extends unknown
      ? Input<A>
      : never
    : N extends { readonly items: infer I }
      ? readonly Input<I>[]
      : N extends { readonly properties: infer P }
        ? { readonly [K in keyof P as K extends RequiredKeys<N> ? K : never]: Input<P[K]> } & {
            readonly [K in keyof P as K extends RequiredKeys<N> ? never : K]?: Input<P[K]> | undefined;
          }
        : Scalar<N>;

/** What a node's value is once it is resolved: defaults filled in, values with a form read. */
type Value<N> = N extends { readonly $ref: string }
  ? FormTypes[FormOf<N>]['value']
  : N extends { readonly anyOf: readonly [unknown, infer Long] }
    ? Value<Long>
    : N extends { readonly items: infer I }
      ? readonly Value<I>[]
      : N extends { readonly properties: infer P }
        ? { readonly [K in keyof P]: Value<P[K]> | (IsFilled<N, P, K> extends true ? never : undefined) }
        : Scalar<N>;
type IsFilled<N, P, K extends keyof P> = P[K] extends { readonly default: unknown }
  ? true
  : K extends RequiredKeys<N>
    ? true
    : false;

/** The configuration as a user writes it: the file's keys, all optional. */
export type TandemOptions = Input<typeof optionsSchema>;

/** The configuration as the program reads it: whole, checked and frozen; durations in milliseconds, sizes in bytes. */
export type Options = Value<typeof optionsSchema>;
export type UpstreamOptions = Options['upstreams'][number];
export type LimitOptions = Options['limits'];

export interface ResolveContext {
  /** Folder that a relative path, standing at a path of keys, starts from; the working directory by default. */
  readonly directoryOf?: (path: KeyPath) => string;
  /** Where in a file the value at a path of keys stands, for the messages. */
  readonly positionOf?: (path: KeyPath) => SourcePosition | undefined;
}

/**
 * Checks and completes a configuration. Neither keeps nor changes the caller's object.
 *
 * Throws SchemaError with every problem: `limits.bodyBytes: expected a size such as 4MiB, or a number of bytes; got "4 megs"`.
 */
export function resolveOptions(input: unknown, { directoryOf, positionOf }: ResolveContext = {}): Options {
  const problems: Problem[] = [];
  const problem = (path: KeyPath, message: string): void => {
    problems.push({ position: positionOf?.(path), subject: keyText(path), message });
  };
  const filePath = (text: string, path: KeyPath): string =>
    isAbsolute(text) ? text : join(directoryOf?.(path) ?? '', text);
  const options = walkOptions(optionsSchema, input, [], { problem, filePath }) as Options;
  if (problems.length === 0) checkTogether(options, problem);
  if (problems.length > 0) throw new SchemaError(problems);
  return options;
}

/** What no single value shows to be wrong. */
function checkTogether(options: Options, problem: (path: KeyPath, message: string) => void): void {
  const { upstreams } = options;
  const taken = new Map<string, string>();
  for (const [index, upstream] of upstreams.entries()) {
    const { target, services, tls } = upstream;
    for (const service of services.length === 0 ? ['every service'] : services) {
      const other = taken.get(service);
      if (other !== undefined) {
        problem(
          ['upstreams', index],
          `${service} already goes to ${other}; name under services what goes to ${target.text}`,
        );
      }
      taken.set(service, target.text);
    }
    if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
      problem(['upstreams', index, 'tls'], 'cert and key come together; add the other');
    }
    checkXds(upstream, (path, message) => problem(['upstreams', index, ...path], message));
    checkMethods(upstream, (path, message) => problem(['upstreams', index, ...path], message));
  }
  for (const [index, { url, services }] of options.restUpstreams.entries()) {
    for (const service of services.length === 0 ? ['every service'] : services) {
      const other = taken.get(service);
      if (other !== undefined) {
        problem(
          ['restUpstreams', index],
          `${service} already goes to ${other}; name under services what goes to ${url}`,
        );
      }
      taken.set(service, url);
    }
  }
  checkLimits(options, problem);
  checkShadow(options, problem);
  checkSecurity(options, problem);
}

function checkShadow({ shadow, protocols }: Options, problem: (path: KeyPath, message: string) => void): void {
  const needed = { 'grpc-web': 'grpcWeb', connect: 'connect' } as const;
  const key = shadow?.over === 'grpc-web' || shadow?.over === 'connect' ? needed[shadow.over] : undefined;
  if (key !== undefined && !protocols[key]) problem(['shadow', 'over'], `is off under protocols.${key}; turn that on`);
  const { cert, key: privateKey } = shadow?.upstream?.tls ?? {};
  if ((cert === undefined) !== (privateKey === undefined)) {
    problem(['shadow', 'upstream', 'tls'], 'cert and key come together; add the other');
  }
}

/** The library for xDS has transport, addresses and their health from its own server. */
function checkXds(upstream: UpstreamOptions, problem: (path: KeyPath, message: string) => void): void {
  if (upstream.target.all.length > 0) return;
  if (upstream.transport === 'http2') problem(['transport'], 'http2 cannot reach an xDS target; leave it out');
  for (const key of ['health', 'outlierDetection'] as const) {
    if (upstream[key] !== undefined) problem([key], 'comes from the xDS server; leave it out');
  }
}

function checkMethods({ methodConfig }: UpstreamOptions, problem: (path: KeyPath, message: string) => void): void {
  for (const [index, { name }] of methodConfig.entries()) {
    for (const [at, { service, method }] of name.entries()) {
      if (method !== undefined && service === undefined) {
        problem(['methodConfig', index, 'name', at], `says method ${method} of no service; add service`);
      }
    }
  }
}

/** `['upstreams', 0, 'target']` → `upstreams[0].target`. */
function keyText(path: KeyPath): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}
