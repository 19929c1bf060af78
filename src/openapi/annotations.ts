/** The options of google/api/*.proto and google/longrunning that say something to REST clients, each in one place. */
import type { Described, FieldDescriptor, MethodDescriptor, ServiceDescriptor } from '../schema/descriptors.ts';
import type { JsonSchema } from './document.ts';

/** google.api.field_behavior; `isRequired` is also what proto2 `required` means. */
export interface Behavior {
  readonly isRequired: boolean;
  readonly isReadOnly: boolean;
  readonly isWriteOnly: boolean;
  readonly isImmutable: boolean;
}

export function behaviorOf(field: FieldDescriptor): Behavior {
  const listed = strings(field.options.get('google.api.field_behavior'));
  return {
    isRequired: (field.isRequired || listed.includes('REQUIRED')) && !listed.includes('OUTPUT_ONLY'),
    isReadOnly: listed.includes('OUTPUT_ONLY'),
    isWriteOnly: listed.includes('INPUT_ONLY'),
    isImmutable: listed.includes('IMMUTABLE'),
  };
}

/** google.api.resource of a message. */
export function resourceOf(message: Described): JsonSchema['x-resource'] {
  const resource = record(message.options.get('google.api.resource'));
  const type = resource?.['type'];
  return typeof type === 'string' ? { type, patterns: strings(resource?.['pattern']) } : undefined;
}

const infoFormats: ReadonlyMap<unknown, string> = new Map([
  ['UUID4', 'uuid'],
  ['IPV4', 'ipv4'],
  ['IPV6', 'ipv6'],
]);

/** The format that google.api.field_info names, where JSON Schema knows it. */
export function infoFormatOf(field: FieldDescriptor): string | undefined {
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
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { response: text(info?.['responseType']), metadata: text(info?.['metadataType']) };
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === 'string') : [];
}
