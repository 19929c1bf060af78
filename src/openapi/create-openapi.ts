/**
 * @module Bindings and options in, an OpenAPI 3.1 document out: a plain JSON value, no I/O. The document says what the
 * gateway with the same options does. It is byte-stable: its order depends on names alone, not on the order in which
 * files were loaded. Paths and components are sorted by their text, operations of a path by OpenAPI's order of methods,
 * parameters and properties stand as the proto declares them.
 */
import type { Binding } from '../routing/binding.ts';
import type { Schema, ServiceDescriptor } from '../schema/descriptors.ts';
import { hostOf, scopesOf } from './annotations.ts';
import { type AuthoredDocument, authoredOperation, authoredTag } from './authored.ts';
import { infoOf, joinAuthored, joinTags, tagNameOf } from './authored-parts.ts';
import { markdownOf } from './comment.ts';
import { createComponents } from './components.ts';
import { errorResponses } from './content.ts';
import { type OpenApiDocument, type Operation, type PathItem, pathItemMethods, type TagObject } from './document.ts';
import { createNamer, shortestSuffixes } from './naming.ts';
import { createOperation } from './operation.ts';
import type { OpenApiOptions } from './options.ts';
import { placeBindings } from './paths.ts';
import type { DocumentContext } from './schemas.ts';
import { oauthSchemes } from './security.ts';
import { findUsage } from './usage.ts';
import { visibleBindings } from './visibility.ts';

export interface OpenApiInput {
  readonly bindings: readonly Binding[];
  readonly schema: Schema;
  readonly options: OpenApiOptions;
  /** What the document is about, for its title; default: its services. */
  readonly subject?: string;
}

/** The OpenAPI 3.1 document of the bindings, each of which appears once (those for any HTTP method: once a method). */
export function createOpenApi({ bindings: all, schema, options, subject }: OpenApiInput): OpenApiDocument {
  const bindings = visibleBindings(all, options.visibility);
  // Main rules before additional ones: `Library_GetBook` is a main rule; `Library_GetBook2` an additional one, unless a
  // method is called so.
  const ordered = bindings
    .map((binding) => ({ binding, name: `${binding.method.service.fullName}.${binding.method.name}` }))
    .sort((a, b) => a.binding.index - b.binding.index || compare(a.name, b.name))
    .map(({ binding }) => binding);
  const services = [...new Set(ordered.map(({ method }) => method.service))];
  const tags = shortestSuffixes(services.map(({ fullName }) => fullName));
  const usage = findUsage(ordered, schema, options.visibility);
  const authored = joinAuthored(services);
  const own = options.access?.schemes ?? oauthSchemes(services, options);
  const securitySchemes = { ...own, ...authored.securitySchemes };
  const components = createComponents(usage.names);
  const context = { options, schema, usage, components, securitySchemes };
  const operations = operationsByPath(ordered, tags, context);
  const paths = [...operations].sort(([a], [b]) => compare(a, b)).map(([path, item]) => [path, pathItem(item)]);
  const responses = errorResponses(context);
  return {
    openapi: '3.1.0',
    info: documentInfo(services, authored, options, subject),
    servers: options.servers ?? [{ url: '/' }],
    tags: joinTags(
      services.map((service) => tagObject(service, tags)),
      authored,
    ),
    ...(authored.externalDocs !== undefined && { externalDocs: authored.externalDocs }),
    ...(authored.security !== undefined && { security: authored.security }),
    paths: Object.fromEntries(paths),
    components: {
      schemas: components.build(),
      responses,
      ...(Object.keys(securitySchemes).length > 0 && { securitySchemes }),
    },
    ...authored.extensions,
  };
}

function documentInfo(
  services: readonly ServiceDescriptor[],
  authored: AuthoredDocument,
  options: OpenApiOptions,
  subject: string | undefined,
): OpenApiDocument['info'] {
  const { title, version, description } = options;
  const own = title !== undefined && subject !== undefined ? `${title}: ${subject}` : title;
  const bare = { title: subject ?? titleOf(services), version: '0.0.0' };
  return { ...bare, ...infoOf(authored, { title: own, version, description }) };
}

function titleOf(services: readonly ServiceDescriptor[]): string {
  if (services.length > 3) return `${services.length} services`;
  const names = services.map(({ fullName }) => fullName).sort();
  return names.join(', ') || 'No services';
}

/** The operations by path and HTTP method. */
function operationsByPath(
  bindings: readonly Binding[],
  tags: ReadonlyMap<string, string>,
  context: DocumentContext,
): ReadonlyMap<string, ReadonlyMap<string, Operation>> {
  const unique = createNamer();
  const found = new Map<string, Map<string, Operation>>();
  for (const place of placeBindings(bindings, context)) {
    const { method } = place.binding;
    const tag = tags.get(method.service.fullName) ?? '';
    const id = unique(authoredOperation(method)?.operationId ?? `${tag}_${method.name}`.replaceAll('.', '_'));
    const item = found.get(place.path) ?? new Map<string, Operation>();
    found.set(
      place.path,
      item.set(place.httpMethod, createOperation(place, id, tagNameOf(method.service, tag), context)),
    );
  }
  return found;
}

function pathItem(operations: ReadonlyMap<string, Operation>): PathItem {
  const known = pathItemMethods.map((method) => [method, operations.get(method.toUpperCase())] as const);
  const custom = [...operations].filter(([method]) => !pathItemMethods.some((each) => each === method.toLowerCase()));
  return {
    ...Object.fromEntries(known.filter(([, operation]) => operation !== undefined)),
    ...(custom.length > 0 && {
      'x-additionalOperations': Object.fromEntries(custom.sort(([a], [b]) => compare(a, b))),
    }),
  };
}

function tagObject(service: ServiceDescriptor, tags: ReadonlyMap<string, string>): TagObject {
  const description = markdownOf(service.comment);
  const scopes = scopesOf(service);
  const host = hostOf(service);
  const { name: _, ...authored } = authoredTag(service);
  return {
    name: tagNameOf(service, tags.get(service.fullName) ?? ''),
    ...(description !== '' && { description }),
    ...(scopes.length > 0 && { 'x-oauth-scopes': scopes }),
    ...(host !== '' && { 'x-default-host': host }),
    ...authored,
  };
}

/** By code units: the same everywhere, whatever the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
