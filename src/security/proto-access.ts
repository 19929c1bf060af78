/**
 * What protos say of who may call: the options of tandem/access.proto, and Google's where the configuration wants them.
 */
import type { MethodDescriptor, ServiceDescriptor } from '../schema/descriptors.ts';
import type { Permission, SecurityOptions } from './options.ts';

type Honoured = Pick<SecurityOptions, 'oauthScopes' | 'visibility'>;

const nothing: Permission = { roles: [], scopes: [], subjects: [], schemes: [], anonymous: false };

/** All that a method's own options ask for; [] when they say nothing. */
export function permissionsOfMethod({ options }: MethodDescriptor, { visibility }: Honoured): readonly Permission[] {
  const labels = visibility ? labelsOf(options.get('google.api.method_visibility')) : [];
  return [...ownPermission(options.get('tandem.access')), ...visibleTo(labels)];
}

/** All that a service's options ask for. */
export function permissionsOfService({ options }: ServiceDescriptor, honoured: Honoured): readonly Permission[] {
  const labels = honoured.visibility ? labelsOf(options.get('google.api.api_visibility')) : [];
  const scopes = honoured.oauthScopes ? namesIn(options.get('google.api.oauth_scopes')) : [];
  return [
    ...ownPermission(options.get('tandem.service_access')),
    ...visibleTo(labels),
    ...(scopes.length === 0 ? [] : [{ ...nothing, scopes }]),
  ];
}

/** A restriction's labels are roles: `INTERNAL, PREVIEW`. */
function visibleTo(labels: readonly string[]): readonly Permission[] {
  return labels.length === 0 ? [] : [{ ...nothing, roles: labels }];
}

function ownPermission(option: unknown): readonly Permission[] {
  return option === undefined ? [] : [{ ...nothing, ...(option as Partial<Permission>) }];
}

function labelsOf(rule: unknown): readonly string[] {
  return namesIn((rule as { readonly restriction?: unknown } | undefined)?.restriction);
}

/** `a, b` → a and b, as google/api/client.proto and visibility.proto separate them. */
function namesIn(text: unknown): readonly string[] {
  return typeof text !== 'string' ? [] : text.split(',').flatMap((name) => name.trim() || []);
}
