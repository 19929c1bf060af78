/**
 * @module Bindings in, the text of a typed TypeScript client out: one file without dependencies, over `fetch`. It sends what the gateway with the
 * same options reads. The same bindings always give the same text.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { shortestSuffixes } from '../openapi/naming.ts';
import type { Binding } from '../routing/binding.ts';
import type { FieldDescriptor, MessageDescriptor, ServiceDescriptor } from '../schema/descriptors.ts';
import { declaration, docComment, reachedTypes } from './declarations.ts';
import {
  fieldType,
  isDeclared,
  memberName,
  messageType,
  propertyName,
  type TypeContext,
  type TypeOptions,
} from './type-names.ts';

// The part of every client that is the same, as TypeScript so that it is checked with the rest of this project.
const packageFile = createRequire(import.meta.url).resolve('tandem/package.json');
const runtimeFile = join(dirname(packageFile), 'templates', 'client-runtime.ts');
const header = '// Written by `tandem client`: do not change, write it again.\n';
const httpBody = 'google.api.HttpBody';

/** What the runtime calls by a name of its own or the platform's: a message of that name gets another one. */
function namesUsed(runtime: string): ReadonlySet<string> {
  const code = runtime.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return new Set(code.match(/\b[A-Z]\w*/g));
}

/** The client's text. Of the rules of a method the first is called; a rule for any HTTP method by POST. */
export function createClient(bindings: readonly Binding[], options: TypeOptions): string {
  const runtime = readFileSync(runtimeFile, 'utf8');
  const main = bindings.filter(({ index }) => index === 0);
  const types = reachedTypes(main.flatMap(({ method }) => [method.input, method.output]));
  const short = shortestSuffixes(types.map(({ fullName }) => fullName));
  const used = namesUsed(runtime);
  const nameOf: TypeContext['nameOf'] = ({ fullName }) => {
    const name = (short.get(fullName) ?? fullName).replaceAll('.', '_');
    return used.has(name) ? `${name}_` : name;
  };
  const context = { ...options, nameOf };
  const services = [...new Set(main.map(({ method }) => method.service))].sort(byFullName);
  const factories = shortestSuffixes(services.map(({ fullName }) => fullName));
  return [
    header,
    runtime,
    ...types.map((type) => declaration(type, context)),
    ...services.map((service) => {
      const own = main.filter(({ method }) => method.service === service);
      const name = `create${(factories.get(service.fullName) ?? service.name).replaceAll('.', '_')}Client`;
      return factory(service, name, own.map((binding) => method(binding, context)).join(''));
    }),
  ].join('\n');
}

function byFullName(a: ServiceDescriptor, b: ServiceDescriptor): number {
  return a.fullName < b.fullName ? -1 : 1;
}

// The type of what is returned is inferred: it would say every signature twice.
function factory(service: ServiceDescriptor, name: string, methods: string): string {
  const head = `${docComment(service, '')}export function ${name}(options: ClientOptions) {`;
  return `${head}\n  const caller = new Caller(options);\n  return {\n${methods}  };\n}\n`;
}

function method(binding: Binding, context: TypeContext): string {
  const { name, isClientStreaming, isServerStreaming } = binding.method;
  const lower = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const [request, reply] = [requestType(binding, context), replyType(binding, context)];
  const parameter = isClientStreaming ? `requests: Requests<${request}>` : `request: ${request}`;
  const result = isServerStreaming ? `AsyncGenerator<${reply}, void>` : `Promise<${reply}>`;
  const call = isServerStreaming ? 'stream' : 'unary';
  return `${docComment(binding.method, '    ')}    ${propertyName(lower)}(${parameter}, callOptions?: CallOptions): ${result} {
      return caller.${call}(${route(binding, context)}, ${isClientStreaming ? 'requests' : 'request'}, callOptions);
    },
`;
}

function requestType({ method, body }: Binding, context: TypeContext): string {
  const type = messageType(method.input, context);
  if (body.kind === 'whole' && isBytes(method.input)) return 'Blob';
  if (body.kind !== 'field' || !holdsBytes(body.field)) return type;
  const name = memberName(body.field, context);
  return `Omit<${type}, ${JSON.stringify(name)}> & { readonly ${propertyName(name)}?: Blob }`;
}

function replyType(binding: Binding, context: TypeContext): string {
  const { method, responseBody } = binding;
  if (takesBytes(binding)) return method.isServerStreaming ? 'Uint8Array' : 'Blob';
  return responseBody === undefined ? messageType(method.output, context) : fieldType(responseBody, context);
}

function takesBytes({ method, responseBody }: Binding): boolean {
  return responseBody === undefined ? isBytes(method.output) : holdsBytes(responseBody);
}

function isBytes({ fullName }: MessageDescriptor): boolean {
  return fullName === httpBody;
}

function holdsBytes({ type, isRepeated }: FieldDescriptor): boolean {
  return !isRepeated && type.kind === 'message' && isBytes(type.message);
}

/** The rule as a literal of the runtime's `Route`. */
function route(binding: Binding, context: TypeContext): string {
  const { httpMethod, body, method } = binding;
  const bodyName = body.kind === 'field' ? memberName(body.field, context) : undefined;
  const sendsBytes = body.kind === 'field' ? holdsBytes(body.field) : body.kind === 'whole' && isBytes(method.input);
  const maps = body.kind === 'whole' ? [] : mapPaths(method.input, context, [], '');
  const queryMaps = maps.filter((path) => path.split('.')[0] !== bodyName);
  const literal = {
    method: httpMethod === '*' ? 'POST' : httpMethod,
    path: pathParts(binding, context),
    body: bodyName ?? body.kind === 'whole',
    ...(sendsBytes && { sendsBytes }),
    ...(takesBytes(binding) && { takesBytes: true }),
    ...(queryMaps.length > 0 && { maps: queryMaps }),
  };
  return JSON.stringify(literal);
}

type PathPart = string | { readonly field: readonly string[]; readonly keepsSlashes: boolean };

/** `/v1/{name=shelves/*}:move` → `/v1/`, the variable `name`, `:move`. */
function pathParts({ template, variables }: Binding, context: TypeContext): readonly PathPart[] {
  const parts: PathPart[] = [];
  const text = (more: string): void => {
    const last = parts.at(-1);
    if (typeof last === 'string') parts[parts.length - 1] = last + more;
    else parts.push(more);
  };
  template.segments.forEach((segment, index) => {
    const variable = variables.find(({ start, end }) => start <= index && index < end);
    if (variable === undefined || variable.start === index) text('/');
    // Outside of a variable a wildcard has no value; any will do.
    if (variable === undefined) text(segment.kind === 'literal' ? encodeURIComponent(segment.text) : '-');
    else if (variable.start === index) {
      const field = variable.fields.map((one) => memberName(one, context));
      parts.push({ field, keepsSlashes: variable.isMultiSegment });
    }
  });
  if (template.segments.length === 0) text('/');
  if (template.verb !== undefined) text(`:${encodeURIComponent(template.verb)}`);
  return parts;
}

// Deeper than anybody writes a query; types of many messages would make long lists.
const MAX_QUERY_DEPTH = 4;

/** Where in a message maps are that can be query parameters. */
function mapPaths(
  { fields }: MessageDescriptor,
  context: TypeContext,
  outer: readonly MessageDescriptor[],
  prefix: string,
): readonly string[] {
  return fields.flatMap((field) => {
    const path = prefix + memberName(field, context);
    if (field.map !== undefined) return [path];
    const { type } = field;
    if (field.isRepeated || type.kind !== 'message' || !isDeclared(type.message)) return [];
    if (outer.includes(type.message) || outer.length > MAX_QUERY_DEPTH) return [];
    return mapPaths(type.message, context, [...outer, type.message], `${path}.`);
  });
}
