/**
 * What protos say of who may call: the options of tandem/access.proto, and Google's where the configuration wants them.
 */
import type { MethodDescriptor, ServiceDescriptor } from '../schema/descriptors.ts';
import type { Permission, SecurityOptions } from './options.ts';

const nothing: Permission = { roles: [], scopes: [], subjects: [], schemes: [], anonymous: false };

/** What the option of tandem/access.proto asks for, of a method or a service. */
export function protoPermission({ options, kind }: MethodDescriptor | ServiceDescriptor): Permission | undefined {
  const option = options.get(kind === 'method' ? 'tandem.access' : 'tandem.service_access');
  return option === undefined ? undefined : { ...nothing, ...(option as Partial<Permission>) };
}

/** What Google's options ask for, as far as the configuration wants them. All of it must be fulfilled. */
export function googlePermissions(
  { options, service }: MethodDescriptor,
  { oauthScopes, visibility }: Pick<SecurityOptions, 'oauthScopes' | 'visibility'>,
): readonly Permission[] {
  const ofMethod = labelsOf(options.get('google.api.method_visibility'));
  const labels = ofMethod.length > 0 ? ofMethod : labelsOf(service.options.get('google.api.api_visibility'));
  const scopes = namesIn(service.options.get('google.api.oauth_scopes'));
  return [
    // A restriction's labels are roles.
    ...(visibility && labels.length > 0 ? [{ ...nothing, roles: labels }] : []),
    ...(oauthScopes && scopes.length > 0 ? [{ ...nothing, scopes }] : []),
  ];
}

function labelsOf(rule: unknown): readonly string[] {
  return namesIn((rule as { readonly restriction?: unknown } | undefined)?.restriction);
}

/** `a, b` → a and b, as google/api/client.proto and visibility.proto separate them. */
function namesIn(text: unknown): readonly string[] {
  return typeof text !== 'string' ? [] : text.split(',').flatMap((name) => name.trim() || []);
}
