import type { FastifyReply } from 'fastify';
import type { Generation } from '../gateway/generation.ts';
import type { OpenApiDocument } from '../openapi/document.ts';
import { downconvert } from '../openapi/downconvert.ts';

/** The whole document in the version of OpenAPI that `docs.openapiVersion` asks for. */
export function servedDocument(generation: Generation): OpenApiDocument {
  return inVersion(generation, generation.documents.whole());
}

/** The same of one package or service; undefined when there is none of that name. */
export function servedPart(generation: Generation, name: string): OpenApiDocument | undefined {
  const part = generation.documents.of(name);
  return part && inVersion(generation, part);
}

function inVersion({ options }: Generation, document: OpenApiDocument): OpenApiDocument {
  return options.docs.openapiVersion === '3.0' ? downconvert(document) : document;
}

/** Answers with a document as JSON or YAML. */
export async function sendDocument(
  reply: FastifyReply,
  document: OpenApiDocument,
  format: 'json' | 'yaml',
): Promise<FastifyReply> {
  if (format === 'json') return reply.type('application/json').send(JSON.stringify(document, undefined, 2));
  const { stringify } = await import('yaml');
  return reply.type('application/yaml').send(stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }));
}
