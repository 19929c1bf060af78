/**
 * The parts of OpenAPI 3.1 that Tandem writes, as plain JSON values. https://spec.openapis.org/oas/v3.1.0
 *
 * Objects with keys of the user's (paths, properties, components) are made by Object.fromEntries: assigning such a key
 * could meet `__proto__`, or a frozen Object.prototype.
 */

import type { Framing } from '../routing/framings.ts';

export type Keyed<T> = Readonly<Record<string, T>>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description?: string;
    /** What an author wrote: license, contact, extensions. */
    readonly [member: string]: unknown;
  };
  readonly servers: readonly ServerObject[];
  readonly tags: readonly TagObject[];
  readonly externalDocs?: ExternalDocs;
  readonly security?: readonly SecurityRequirement[];
  readonly paths: Keyed<PathItem>;
  readonly components: {
    readonly schemas: Keyed<JsonSchema>;
    readonly responses: Keyed<ResponseObject>;
    readonly securitySchemes?: Keyed<SecurityScheme>;
  };
}

/** https://spec.openapis.org/oas/v3.1.0#security-scheme-object */
export type SecurityScheme = Readonly<Record<string, unknown>> & { readonly type: string };

/** Scopes by name of the scheme; of several schemes all are needed. */
export type SecurityRequirement = Keyed<readonly string[]>;

export interface ExternalDocs {
  readonly url: string;
  readonly description?: string;
}

/** Anything may have these. */
export type ExtensionKey = `x-${string}`;

export interface ServerObject {
  readonly url: string;
  readonly description?: string;
}

export interface TagObject {
  readonly name: string;
  readonly description?: string;
  readonly externalDocs?: ExternalDocs;
  readonly 'x-oauth-scopes'?: readonly string[];
  /** google.api.default_host: where the API's owner serves it. */
  readonly 'x-default-host'?: string;
}

/** The methods a path item of OpenAPI 3.0 and 3.1 has a place for, in the order in which they are written. */
export const pathItemMethods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;
export type PathItemMethod = (typeof pathItemMethods)[number];

export interface PathItem extends Readonly<Partial<Record<PathItemMethod, Operation>>> {
  /** Custom HTTP methods, upper case. OpenAPI 3.2 has `additionalOperations` for them, 3.1 has no place. */
  readonly 'x-additionalOperations'?: Keyed<Operation>;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly deprecated?: true;
  readonly externalDocs?: ExternalDocs;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: Keyed<ResponseObject | Reference>;
  /** Any one of them; absent when nothing is known. */
  readonly security?: readonly SecurityRequirement[];
  /** `package.Service/Method`, the RPC behind the operation. */
  readonly 'x-grpc-method': string;
  readonly 'x-grpc-streaming'?: 'client' | 'server' | 'bidi';
  readonly 'x-stream-framings'?: readonly Framing[];
  /** What a google.longrunning.Operation ends with and tells on its way (google.longrunning.operation_info). */
  readonly 'x-operation-info'?: { readonly response?: JsonSchema; readonly metadata?: JsonSchema };
  /** What may be sent again: `option idempotency_level`. */
  readonly 'x-idempotency'?: 'noSideEffects' | 'idempotent';
  readonly 'x-method-signatures'?: readonly string[];
  readonly 'x-routing'?: readonly { readonly field: string; readonly pathTemplate?: string }[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description?: string;
  readonly required?: true;
  readonly deprecated?: true;
  readonly style?: 'deepObject';
  readonly explode?: true;
  readonly schema: JsonSchema;
  readonly example?: string;
  /** The value may hold several path segments; its slashes are sent as they are. */
  readonly 'x-multi-segment'?: true;
}

export interface RequestBody {
  readonly description?: string;
  readonly required?: true;
  readonly content: Keyed<MediaType>;
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Keyed<unknown>;
  readonly content?: Keyed<MediaType>;
}

export interface MediaType {
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

export interface Reference {
  readonly $ref: string;
}

export type JsonType = 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string';

/** The keywords of JSON Schema 2020-12 in use; `$ref` may have siblings. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: JsonType | readonly JsonType[];
  readonly description?: string;
  readonly deprecated?: true;
  readonly readOnly?: true;
  readonly writeOnly?: true;
  readonly format?: string;
  readonly contentEncoding?: 'base64';
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** In OpenAPI 3.0 they are flags beside `minimum` and `maximum`. */
  readonly exclusiveMinimum?: number | true;
  readonly exclusiveMaximum?: number | true;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: true;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly title?: string;
  readonly externalDocs?: ExternalDocs;
  readonly examples?: readonly unknown[];
  /** OpenAPI 3.0's word for the first of `examples`. */
  readonly example?: unknown;
  readonly enum?: readonly (string | number | null)[];
  readonly const?: string | number | null;
  readonly default?: string | number | boolean;
  readonly items?: JsonSchema;
  readonly properties?: Keyed<JsonSchema>;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  /** google.api.resource of the message. */
  readonly 'x-resource'?: { readonly type: string; readonly patterns: readonly string[] };
  /** google.api.resource_reference of the field. */
  readonly 'x-resource-reference'?: { readonly type?: string; readonly childType?: string };
  /** OpenAPI 3.0 only, where there is no type `null`. */
  readonly nullable?: true;
}
