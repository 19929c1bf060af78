import type { FastifyReply } from 'fastify';
import type { Generation } from '../gateway/generation.ts';
import type { OpenApiDocument } from '../openapi/document.ts';

/** The whole document in the version of OpenAPI that `docs.openapiVersion` asks for. */
export async function servedDocument(generation: Generation): Promise<OpenApiDocument> {
  const documents = await generation.documents();
  return await inVersion(generation, documents.whole());
}

/** The same of one package or service; undefined when there is none of that name. */
export async function servedPart(generation: Generation, name: string): Promise<OpenApiDocument | undefined> {
  const part = (await generation.documents()).of(name);
  return part && (await inVersion(generation, part));
}

async function inVersion({ options }: Generation, document: OpenApiDocument): Promise<OpenApiDocument> {
  if (options.docs.openapiVersion === '3.1') return document;
  const { downconvert } = await import('../openapi/downconvert.ts');
  return downconvert(document);
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
