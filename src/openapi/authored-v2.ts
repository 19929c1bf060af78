/** The options of protoc-gen-openapiv2, OpenAPI 2.0 in protos, as OpenAPI 3.1. */
import type { AuthoredDocument, AuthoredOperation, AuthoredResponse, AuthoredSchema, AuthoredTag } from './authored.ts';
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

export function documentOfV2(value: unknown): AuthoredDocument {
  const swagger = record(value);
  const { extensions, ...info } = record(swagger['info']);
  const schemes = record(record(swagger['securityDefinitions'])['security']);
  return {
    ...present({
      info: swagger['info'] === undefined ? undefined : { ...info, ...extensionsOf(record(extensions)) },
      externalDocs: externalDocsOf(swagger['externalDocs']),
      security: requirementsOf(swagger['security']),
    }),
    tags: list(swagger['tags']).map(tagOfV2),
    securitySchemes: mapValues(schemes, (scheme) => schemeOf(record(scheme))),
    extensions: extensionsOf(record(swagger['extensions'])),
  };
}

export function tagOfV2(value: unknown): AuthoredTag {
  const tag = record(value);
  return {
    ...present({
      name: text(tag['name']),
      description: text(tag['description']),
      externalDocs: externalDocsOf(tag['externalDocs']),
    }),
    ...extensionsOf(record(tag['extensions'])),
  };
}

export function operationOfV2(value: unknown): AuthoredOperation {
  const operation = record(value);
  const tags = strings(operation['tags']);
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
    parameters: list(record(operation['parameters'])['headers']).map((each) => headerParameter(record(each))),
    responses: new Map(Object.entries(record(operation['responses'])).map(([code, each]) => [code, responseOf(each)])),
    extensions: extensionsOf(record(operation['extensions'])),
  };
}

function headerParameter(header: Json): Parameter {
  return {
    name: String(header['name'] ?? ''),
    in: 'header',
    ...present({ description: text(header['description']) }),
    ...(header['required'] === true && { required: true }),
    schema: typeSchema(header),
  };
}

function typeSchema(each: Json): JsonSchema {
  const type = (text(each['type'])?.toLowerCase() ?? 'string') as 'string';
  return { type, ...present({ format: text(each['format']), pattern: text(each['pattern']) }) };
}

function responseOf(value: unknown): AuthoredResponse {
  const response = record(value);
  const [example] = Object.values(record(response['examples']));
  const headers = mapValues(record(response['headers']), (header) => ({
    ...present({ description: text(record(header)['description']) }),
    schema: typeSchema(record(header)),
  }));
  return {
    ...present({
      description: text(response['description']),
      message: text(record(record(response['schema'])['jsonSchema'])['ref'])?.replace(/^\./, ''),
      example: jsonOrText(example),
      headers: Object.keys(headers).length > 0 ? headers : undefined,
    }),
    extensions: extensionsOf(record(response['extensions'])),
  };
}

/** Of a message (keywords in `jsonSchema`), an enum or a field (keywords by themselves). */
export function schemaOfV2(value: unknown): AuthoredSchema {
  const outer = record(value);
  const json = { ...outer, ...record(outer['jsonSchema']) };
  const example = jsonOrText(outer['example'] ?? json['example']);
  const byDefault = jsonOrText(json['default']);
  const values = strings(json['enum']);
  return {
    ...keywordsOf(json),
    ...(record(json['fieldConfiguration'])['deprecated'] === true && { deprecated: true }),
    ...(values.length > 0 && { enum: values }),
    ...(byDefault !== undefined && { default: byDefault as string }),
    ...(example !== undefined && { examples: [example] }),
    ...extensionsOf(record(json['extensions'])),
  };
}

function requirementsOf(value: unknown): readonly SecurityRequirement[] | undefined {
  const requirements = list(value).map((each) =>
    mapValues(record(record(each)['securityRequirement']), (scopes) => strings(record(scopes)['scope'])),
  );
  return requirements.length > 0 ? requirements : undefined;
}

/** OpenAPI 2.0's names of OAuth's flows, and those of 3. */
const flows: Readonly<Record<string, string>> = {
  FLOW_IMPLICIT: 'implicit',
  FLOW_PASSWORD: 'password',
  FLOW_APPLICATION: 'clientCredentials',
  FLOW_ACCESS_CODE: 'authorizationCode',
};

function schemeOf(scheme: Json): SecurityScheme {
  const common = {
    ...present({ description: text(scheme['description']) }),
    ...extensionsOf(record(scheme['extensions'])),
  };
  if (scheme['type'] === 'TYPE_BASIC') return { type: 'http', scheme: 'basic', ...common };
  if (scheme['type'] === 'TYPE_OAUTH2') {
    const flow = {
      ...present({ authorizationUrl: text(scheme['authorizationUrl']), tokenUrl: text(scheme['tokenUrl']) }),
      scopes: record(record(scheme['scopes'])['scope']),
    };
    return { type: 'oauth2', ...common, flows: { [flows[String(scheme['flow'])] ?? 'implicit']: flow } };
  }
  const place = scheme['in'] === 'IN_QUERY' ? 'query' : 'header';
  return { type: 'apiKey', ...common, name: String(scheme['name'] ?? ''), in: place };
}
