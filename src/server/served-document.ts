import type { Generation } from '../gateway/generation.ts';
import type { OpenApiDocument } from '../openapi/document.ts';
import { downconvert } from '../openapi/downconvert.ts';

/** The document in the version of OpenAPI that `docs.openapiVersion` asks for. */
export function servedDocument({ options, openApi }: Generation): OpenApiDocument {
  return options.docs.openapiVersion === '3.0' ? downconvert(openApi()) : openApi();
}
