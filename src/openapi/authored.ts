/**
 * What authors wrote for other generators of OpenAPI: the options of grpc-gateway's protoc-gen-openapiv2 and of gnostic's
 * protoc-gen-openapi, both as parts of OpenAPI 3.1. What the gateway itself decides (paths, types of values, servers) is not
 * theirs to say and is not read.
 */
import type { Described, FieldDescriptor, FileDescriptor } from '../schema/descriptors.ts';
import { documentOfV2, operationOfV2, schemaOfV2, tagOfV2 } from './authored-v2.ts';
import { documentOfV3, operationOfV3, schemaOfV3 } from './authored-v3.ts';
import type {
  ExtensionKey,
  ExternalDocs,
  JsonSchema,
  Keyed,
  Parameter,
  SecurityRequirement,
  SecurityScheme,
} from './document.ts';

export type Extensions = { readonly [key: ExtensionKey]: unknown };

export interface AuthoredTag extends Extensions {
  readonly name?: string;
  readonly description?: string;
  readonly externalDocs?: ExternalDocs;
}

export interface AuthoredDocument {
  /** Info Object; members as in OpenAPI. */
  readonly info?: Keyed<unknown>;
  readonly tags: readonly AuthoredTag[];
  readonly externalDocs?: ExternalDocs;
  readonly securitySchemes: Keyed<SecurityScheme>;
  readonly security?: readonly SecurityRequirement[];
  readonly extensions: Extensions;
}

export interface AuthoredResponse {
  readonly description?: string;
  /** Full name of the message that it holds. */
  readonly message?: string;
  readonly example?: unknown;
  readonly headers?: Keyed<unknown>;
  readonly extensions: Extensions;
}

export interface AuthoredOperation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly externalDocs?: ExternalDocs;
  readonly operationId?: string;
  readonly deprecated?: true;
  readonly security?: readonly SecurityRequirement[];
  /** Of headers. */
  readonly parameters?: readonly Parameter[];
  /** By HTTP status. */
  readonly responses: ReadonlyMap<string, AuthoredResponse>;
  readonly extensions: Extensions;
}

/** Keywords, and names of properties that are required. */
export type AuthoredSchema = Omit<JsonSchema, 'type' | '$ref' | 'properties' | 'items'>;

const v2 = 'grpc.gateway.protoc_gen_openapiv2.options';

/** What the author of a file said of the whole document. */
export function authoredDocument({ options }: FileDescriptor): AuthoredDocument | undefined {
  const ofV2 = options.get(`${v2}.openapiv2_swagger`);
  if (ofV2 !== undefined) return documentOfV2(ofV2);
  const ofV3 = options.get('openapi.v3.document');
  return ofV3 === undefined ? undefined : documentOfV3(ofV3);
}

export function authoredTag({ options }: Described): AuthoredTag {
  return tagOfV2(options.get(`${v2}.openapiv2_tag`));
}

export function authoredOperation({ options }: Described): AuthoredOperation | undefined {
  const ofV2 = options.get(`${v2}.openapiv2_operation`);
  if (ofV2 !== undefined) return operationOfV2(ofV2);
  const ofV3 = options.get('openapi.v3.operation');
  return ofV3 === undefined ? undefined : operationOfV3(ofV3);
}

const nothing: AuthoredSchema = {};

/** Of a message, an enum or a field. */
export function authoredSchema({ kind, options }: Described & { readonly kind: string }): AuthoredSchema {
  const names = namesByKind[kind];
  const ofV2 = names && options.get(names.v2);
  if (ofV2 !== undefined) return schemaOfV2(ofV2);
  const ofV3 = names?.v3 && options.get(names.v3);
  return ofV3 === undefined ? nothing : schemaOfV3(ofV3);
}

const namesByKind: Readonly<Record<string, { readonly v2: string; readonly v3?: string }>> = {
  message: { v2: `${v2}.openapiv2_schema`, v3: 'openapi.v3.schema' },
  enum: { v2: `${v2}.openapiv2_enum` },
  field: { v2: `${v2}.openapiv2_field`, v3: 'openapi.v3.property' },
};

/** Whether the author says that the field is required, at the field or at its message. */
export function isAuthoredRequired(field: FieldDescriptor): boolean {
  const isNamed = (required: readonly string[] = []): boolean =>
    required.some((name) => name === field.name || name === field.jsonName);
  return isNamed(authoredSchema(field).required) || isNamed(authoredSchema(field.parent).required);
}
