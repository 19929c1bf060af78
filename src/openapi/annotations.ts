/** The options of google/api/*.proto and google/longrunning that say something to REST clients, each in one place. */
import type {
  Described,
  FieldDescriptor,
  FileDescriptor,
  MethodDescriptor,
  ServiceDescriptor,
} from '../schema/descriptors.ts';
import { constraintsOf } from '../schema/field-constraints.ts';
import { authoredSchema, isAuthoredRequired } from './authored.ts';
import type { JsonSchema, Operation } from './document.ts';

/** google.api.field_behavior; `isRequired` is also what proto2 `required` means. */
export interface Behavior {
  readonly isRequired: boolean;
  readonly isReadOnly: boolean;
  readonly isWriteOnly: boolean;
  readonly isImmutable: boolean;
}

export function behaviorOf(field: FieldDescriptor): Behavior {
  const listed = strings(field.options.get('google.api.field_behavior'));
  const { readOnly, writeOnly } = authoredSchema(field);
  return {
    isRequired:
      (field.isRequired || listed.includes('REQUIRED') || isAuthoredRequired(field) || isConstrained(field)) &&
      !listed.includes('OUTPUT_ONLY'),
    isReadOnly: listed.includes('OUTPUT_ONLY') || readOnly === true,
    isWriteOnly: listed.includes('INPUT_ONLY') || writeOnly === true,
    isImmutable: listed.includes('IMMUTABLE'),
  };
}

/** `(buf.validate.field).required`: of a field without presence that its value is not the zero value. */
function isConstrained(field: FieldDescriptor): boolean {
  const constraints = constraintsOf(field);
  return constraints?.isRequired === true && constraints.ignored === undefined;
}

/** google.api.resource of a message. */
export function resourceOf(message: Described): JsonSchema['x-resource'] {
  return resourceFrom(message.options.get('google.api.resource'));
}

/** google.api.resource_definition: resources that no message of the file stands for. */
export function resourceDefinitionsOf({ options }: FileDescriptor): readonly NonNullable<JsonSchema['x-resource']>[] {
  const definitions = options.get('google.api.resource_definition');
  return Array.isArray(definitions) ? definitions.flatMap((each) => resourceFrom(each) ?? []) : [];
}

function resourceFrom(value: unknown): JsonSchema['x-resource'] {
  const resource = record(value);
  const type = resource?.['type'];
  return typeof type === 'string' ? { type, patterns: strings(resource?.['pattern']) } : undefined;
}

/** The type a field holds the name of, or the type whose parent it holds the name of. */
export type ResourceReference = NonNullable<JsonSchema['x-resource-reference']>;

/** google.api.resource_reference. */
export function referenceOf(field: FieldDescriptor): ResourceReference | undefined {
  const reference = record(field.options.get('google.api.resource_reference'));
  const [type, childType] = [text(reference?.['type']), text(reference?.['childType'])];
  if (type !== '') return { type };
  return childType === '' ? undefined : { childType };
}

const infoFormats: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['UUID4', ['uuid']],
  ['IPV4', ['ipv4']],
  ['IPV6', ['ipv6']],
  ['IPV4_OR_IPV6', ['ipv4', 'ipv6']],
]);

/** The formats that google.api.field_info allows, by their names in JSON Schema. */
export function infoFormatsOf(field: FieldDescriptor): readonly string[] | undefined {
  return infoFormats.get(record(field.options.get('google.api.field_info'))?.['format']);
}

/** google.api.oauth_scopes of a service. */
export function scopesOf(service: ServiceDescriptor): readonly string[] {
  const scopes = service.options.get('google.api.oauth_scopes');
  return typeof scopes === 'string' ? scopes.split(/[\s,]+/).filter((scope) => scope !== '') : [];
}

/** The type names of google.longrunning.operation_info as written: full, or relative to the method's package. */
export function operationTypesOf(method: MethodDescriptor): { readonly response: string; readonly metadata: string } {
  const info = record(method.options.get('google.longrunning.operation_info'));
  return { response: text(info?.['responseType']), metadata: text(info?.['metadataType']) };
}

/** google.api.method_signature: the fields that clients pass as arguments, `parent,book`. */
export function signaturesOf(method: MethodDescriptor): readonly string[] {
  return strings(method.options.get('google.api.method_signature')).filter((signature) => signature !== '');
}

/** google.api.routing: the fields whose values tell the upstream where a request belongs. */
export function routingOf(method: MethodDescriptor): Operation['x-routing'] {
  const parameters = record(method.options.get('google.api.routing'))?.['routingParameters'];
  if (!Array.isArray(parameters)) return undefined;
  return parameters.map((each) => {
    const [field, pathTemplate] = [text(record(each)?.['field']), text(record(each)?.['pathTemplate'])];
    return { field, ...(pathTemplate !== '' && { pathTemplate }) };
  });
}

/** google.api.default_host of a service. */
export function hostOf(service: ServiceDescriptor): string {
  return text(service.options.get('google.api.default_host'));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === 'string') : [];
}
