/** The options of gnostic's protoc-gen-openapi, OpenAPI 3.0 in protos, as OpenAPI 3.1. Its maps are lists of names and values. */
import type { AuthoredDocument, AuthoredOperation, AuthoredResponse, AuthoredSchema } from './authored.ts';
import {
  extensionsOf,
  externalDocsOf,
  type Json,
  jsonOrText,
  keywordsOf,
  list,
  mapValues,
  present,
  record,
  strings,
  text,
} from './authored-json.ts';
import type { JsonSchema, Parameter, SecurityRequirement, SecurityScheme } from './document.ts';

export function documentOfV3(value: unknown): AuthoredDocument {
  const document = record(value);
  const { specificationExtension, ...info } = record(document['info']);
  const schemes = named(record(record(document['components'])['securitySchemes'])['additionalProperties']);
  return {
    ...present({
      info: document['info'] === undefined ? undefined : { ...info, ...anyExtensions(specificationExtension) },
      externalDocs: externalDocsOf(document['externalDocs']),
      security: requirementsOf(document['security']),
    }),
    tags: list(document['tags']).map((each) => tagOf(record(each))),
    securitySchemes: mapValues(schemes, (scheme) => schemeOf(record(record(scheme)['securityScheme']))),
    extensions: anyExtensions(document['specificationExtension']),
  };
}

function tagOf(tag: Json): AuthoredDocument['tags'][number] {
  return {
    ...present({
      name: text(tag['name']),
      description: text(tag['description']),
      externalDocs: externalDocsOf(tag['externalDocs']),
    }),
    ...anyExtensions(tag['specificationExtension']),
  };
}

export function operationOfV3(value: unknown): AuthoredOperation {
  const operation = record(value);
  const tags = strings(operation['tags']);
  const responses = record(operation['responses']);
  const byStatus = { ...present({ default: responses['default'] }), ...named(responses['responseOrReference']) };
  return {
    ...present({
      tags: tags.length > 0 ? tags : undefined,
      summary: text(operation['summary']),
      description: text(operation['description']),
      externalDocs: externalDocsOf(operation['externalDocs']),
      operationId: text(operation['operationId']),
      deprecated: operation['deprecated'] === true ? (true as const) : undefined,
      security: requirementsOf(operation['security']),
    }),
    parameters: list(operation['parameters'])
      .map((each) => record(record(each)['parameter']))
      .filter((each) => each['in'] === 'header')
      .map(headerParameter),
    responses: new Map(Object.entries(byStatus).map(([code, each]) => [code, responseOf(record(each)['response'])])),
    extensions: anyExtensions(operation['specificationExtension']),
  };
}

function headerParameter(parameter: Json): Parameter {
  return {
    name: String(parameter['name'] ?? ''),
    in: 'header',
    ...present({ description: text(parameter['description']) }),
    ...(parameter['required'] === true && { required: true }),
    schema: typedSchema(parameter['schema']),
  };
}

/** A schema of a scalar, as headers have them. */
function typedSchema(value: unknown): JsonSchema {
  const schema = record(record(value)['schema']);
  return { type: (text(schema['type']) ?? 'string') as 'string', ...keywordsOf(schema) };
}

function responseOf(value: unknown): AuthoredResponse {
  const response = record(value);
  const content = named(record(response['content'])['additionalProperties']);
  const [mediaType] = Object.values(content).map(record);
  const headers = mapValues(named(record(response['headers'])['additionalProperties']), (each) => {
    const header = record(record(each)['header']);
    return { ...present({ description: text(header['description']) }), schema: typedSchema(header['schema']) };
  });
  return {
    ...present({
      description: text(response['description']),
      example: anyValue(mediaType?.['example']),
      headers: Object.keys(headers).length > 0 ? headers : undefined,
    }),
    extensions: anyExtensions(response['specificationExtension']),
  };
}

export function schemaOfV3(value: unknown): AuthoredSchema {
  const schema = record(value);
  const example = anyValue(schema['example']);
  const values = list(schema['enum']).map(anyValue);
  const [byDefault] = Object.values(record(schema['default']));
  return {
    ...keywordsOf(schema),
    ...(values.length > 0 && { enum: values as readonly string[] }),
    ...(byDefault !== undefined && { default: byDefault as string }),
    ...(example !== undefined && { examples: [example] }),
    ...anyExtensions(schema['specificationExtension']),
  };
}

function schemeOf({ specificationExtension, flows, ...scheme }: Json): SecurityScheme {
  const kinds = mapValues(record(flows), (flow) => {
    const { scopes, ...urls } = record(flow);
    return { ...urls, scopes: named(record(scopes)['additionalProperties']) };
  });
  return {
    type: '',
    ...scheme,
    ...(flows !== undefined && { flows: kinds }),
    ...anyExtensions(specificationExtension),
  };
}

function requirementsOf(value: unknown): readonly SecurityRequirement[] | undefined {
  const requirements = list(value).map((each) =>
    mapValues(named(record(each)['additionalProperties']), (scopes) => strings(record(scopes)['value'])),
  );
  return requirements.length > 0 ? requirements : undefined;
}

/** `[{ name: 'a', value: 1 }]` → `{ a: 1 }`. */
function named(value: unknown): Json {
  const pairs = list(value).map(record);
  return Object.fromEntries(pairs.map((each) => [String(each['name'] ?? ''), each['value']]));
}

/** A value of any type is written as YAML; JSON and plain texts are what is read. */
function anyValue(value: unknown): unknown {
  return jsonOrText(record(value)['yaml']);
}

function anyExtensions(value: unknown): ReturnType<typeof extensionsOf> {
  return extensionsOf(mapValues(named(value), anyValue));
}
