/** What authors wrote, laid over what follows from the proto. */
import type { ServiceDescriptor } from '../schema/descriptors.ts';
import {
  type AuthoredDocument,
  type AuthoredOperation,
  type AuthoredResponse,
  authoredDocument,
  authoredTag,
} from './authored.ts';
import { messageResponse } from './content.ts';
import type { Keyed, MediaType, Operation, ResponseObject, TagObject } from './document.ts';
import type { DocumentContext } from './schemas.ts';

/** What the files of the services say of their document. Of several the parts join, but an introduction must be the only one. */
export function joinAuthored(services: readonly ServiceDescriptor[]): AuthoredDocument {
  const files = [...new Set(services.map(({ file }) => file))].sort((a, b) => (a.name < b.name ? -1 : 1));
  const all = files.map(authoredDocument).filter((each) => each !== undefined);
  const [info, ...otherInfos] = all.map((each) => each.info).filter((each) => each !== undefined);
  const [externalDocs, ...otherDocs] = all.flatMap((each) => each.externalDocs ?? []);
  const [only] = all;
  return {
    tags: all.flatMap(({ tags }) => tags),
    securitySchemes: Object.fromEntries(all.flatMap(({ securitySchemes }) => Object.entries(securitySchemes))),
    extensions: Object.fromEntries(all.flatMap(({ extensions }) => Object.entries(extensions))),
    ...(info !== undefined && otherInfos.length === 0 && { info }),
    ...(externalDocs !== undefined && otherDocs.length === 0 && { externalDocs }),
    // What one file asks for is not asked for by the services of another.
    ...(files.length === 1 && only?.security !== undefined && { security: only.security }),
  };
}

/** Tags by name; what an author says of one wins over its service's comment. */
export function joinTags(tags: readonly TagObject[], { tags: authored }: AuthoredDocument): readonly TagObject[] {
  const byName = new Map(tags.map((tag) => [tag.name, tag]));
  for (const { name = '', ...tag } of authored) {
    if (name !== '') byName.set(name, { ...byName.get(name), name, ...tag });
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The tag of a service's operations, which its author may have renamed. */
export function tagNameOf(service: ServiceDescriptor, name: string): string {
  return authoredTag(service).name ?? name;
}

/** Lays what an author wrote over an operation; its id is chosen elsewhere, since it must be the only one. */
export function withAuthored(
  operation: Operation,
  authored: AuthoredOperation | undefined,
  context: DocumentContext,
): Operation {
  if (authored === undefined) return operation;
  const { responses, extensions, parameters = [], operationId: _, ...members } = authored;
  const all = [...(operation.parameters ?? []), ...parameters];
  return {
    ...operation,
    ...members,
    ...(all.length > 0 && { parameters: all }),
    responses: { ...operation.responses, ...authoredResponses(responses, operation, context) },
    ...extensions,
  };
}

function authoredResponses(
  responses: AuthoredOperation['responses'],
  operation: Operation,
  context: DocumentContext,
): Operation['responses'] {
  const reply = operation.responses['200'] as ResponseObject;
  const entries = [...responses].filter(([status]) => /^[1-5](\d\d|XX)$|^default$/.test(status));
  return Object.fromEntries(
    entries.map(([status, each]) => [status, responseOf(each, status.startsWith('2') ? reply : undefined, context)]),
  );
}

/** `reply` for those that are no error. */
function responseOf(
  authored: AuthoredResponse,
  reply: ResponseObject | undefined,
  context: DocumentContext,
): ResponseObject {
  const { message, example, headers, extensions, description } = authored;
  const own = message === undefined ? undefined : context.schema.messages.get(message);
  const base = own === undefined ? (reply ?? messageResponse(undefined, context)) : messageResponse(own, context);
  return {
    ...base,
    ...(description !== undefined && { description }),
    ...(headers !== undefined && { headers }),
    ...(example !== undefined && base.content !== undefined && { content: withExample(base.content, example) }),
    ...extensions,
  };
}

function withExample(content: Keyed<MediaType>, example: unknown): Keyed<MediaType> {
  const entries = Object.entries(content);
  return Object.fromEntries(
    entries.map(([type, each]) => [type, type === 'application/json' ? { ...each, example } : each]),
  );
}

/** The members of `info` that an author wrote and the options do not. */
export function infoOf({ info = {} }: AuthoredDocument, own: Keyed<string | undefined>): Keyed<unknown> {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...info, ...Object.fromEntries(given) };
}
