/** OpenAPI 3.1 to 3.0.3, for tools that do not know JSON Schema 2020-12. */
import type {
  JsonSchema,
  Keyed,
  MediaType,
  OpenApiDocument,
  Operation,
  PathItem,
  ResponseObject,
  SecurityScheme,
} from './document.ts';

/**
 * The same document in OpenAPI 3.0.3. What 3.0 cannot say is dropped (`propertyNames`) or said in its older words: lists
 * of types become `anyOf`, `null` becomes `nullable`, base64 a format, and a `$ref` with siblings an `allOf`.
 */
export function downconvert(document: OpenApiDocument): OpenApiDocument {
  const { securitySchemes } = document.components;
  return {
    ...document,
    openapi: '3.0.3',
    paths: mapValues(document.paths, pathItem),
    components: {
      ...document.components,
      schemas: mapValues(document.components.schemas, schema),
      responses: mapValues(document.components.responses, response),
      ...(securitySchemes && { securitySchemes: mapValues(securitySchemes, securityScheme) }),
    },
  };
}

/** 3.0 has no word for client certificates. */
function securityScheme(scheme: SecurityScheme): SecurityScheme {
  return scheme.type === 'mutualTLS' ? { ...scheme, type: 'http', scheme: 'mutual' } : scheme;
}

function pathItem({ 'x-additionalOperations': custom, ...operations }: PathItem): PathItem {
  return {
    ...mapValues(operations, operation),
    ...(custom !== undefined && { 'x-additionalOperations': mapValues(custom, operation) }),
  };
}

function operation({ parameters, requestBody, responses, ...rest }: Operation): Operation {
  return {
    ...rest,
    ...(parameters && { parameters: parameters.map((each) => ({ ...each, schema: schema(each.schema) })) }),
    ...(requestBody && { requestBody: { ...requestBody, content: mapValues(requestBody.content, mediaType) } }),
    responses: mapValues(responses, (each) => ('$ref' in each ? each : response(each))),
  };
}

function response({ content, ...rest }: ResponseObject): ResponseObject {
  return { ...rest, ...(content && { content: mapValues(content, mediaType) }) };
}

function mediaType(each: MediaType): MediaType {
  return { ...each, schema: schema(each.schema) };
}

function schema({ type, $ref, contentEncoding, propertyNames, ...newer }: JsonSchema): JsonSchema {
  const old = olderKeywords(newer);
  const rest: JsonSchema = {
    ...old,
    ...(contentEncoding === 'base64' && { format: 'byte' }),
    ...(old.items && { items: schema(old.items) }),
    ...(old.properties && { properties: mapValues(old.properties, schema) }),
    ...(typeof old.additionalProperties === 'object' && { additionalProperties: schema(old.additionalProperties) }),
    ...(old.allOf && { allOf: old.allOf.map(schema) }),
    ...(old.anyOf && { anyOf: old.anyOf.map(schema) }),
    ...(old.oneOf && { oneOf: old.oneOf.map(schema) }),
    ...(old.not && { not: schema(old.not) }),
  };
  if ($ref !== undefined) {
    return Object.keys(rest).length === 0 ? { $ref } : { ...rest, allOf: [{ $ref }, ...(rest.allOf ?? [])] };
  }
  if (type === undefined) return rest;
  if (type === 'null') return { ...rest, type: 'string', nullable: true, enum: [null] };
  if (typeof type === 'string') return { type, ...rest };
  // `pattern` belongs to the string among the types, `format` to the others.
  const { format, pattern, ...common } = rest;
  const each = type.map(
    (one): JsonSchema =>
      one === 'string' ? { type: one, ...(pattern && { pattern }) } : { type: one, ...(format && { format }) },
  );
  return { ...common, anyOf: each };
}

/** One example instead of several, one value of an `enum` instead of `const`, flags instead of exclusive limits. */
function olderKeywords({
  examples,
  const: only,
  exclusiveMinimum,
  exclusiveMaximum,
  ...rest
}: Omit<JsonSchema, 'type'>): JsonSchema {
  return {
    ...rest,
    ...(typeof exclusiveMinimum === 'number' && { minimum: exclusiveMinimum, exclusiveMinimum: true }),
    ...(typeof exclusiveMaximum === 'number' && { maximum: exclusiveMaximum, exclusiveMaximum: true }),
    ...(examples !== undefined && { example: examples[0] }),
    ...(only !== undefined && { enum: [only] }),
  };
}

function mapValues<T, U>(map: Keyed<T>, change: (value: T) => U): Keyed<U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
