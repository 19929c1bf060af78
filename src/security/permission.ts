/**
 * What one rule asks of a caller.
 */
import type { Identity } from './identity.ts';
import type { Permission } from './options.ts';

/** Undefined when the rule lets the caller in, or else what is missing: `one of the roles admin, librarian`. */
export function missingOf(permission: Permission, identity: Identity | undefined): string | undefined {
  if (permission.anonymous) return undefined;
  if (identity === undefined) return 'credentials';
  const { roles, scopes, subjects, schemes } = permission;
  if (!fits(schemes, (scheme) => scheme === identity.scheme)) return `credentials of ${listed('the kind', schemes)}`;
  if (!fits(subjects, (subject) => subject === identity.subject)) return `to be ${subjects.join(' or ')}`;
  if (!fits(roles, (role) => identity.roles.has(role))) return listed('the role', roles);
  if (!fits(scopes, (scope) => identity.scopes.has(scope))) return listed('the scope', scopes);
  return undefined;
}

function fits<T>(list: readonly T[], isHad: (item: T) => boolean): boolean {
  return list.length === 0 || list.some(isHad);
}

function listed(what: string, names: readonly string[]): string {
  return names.length === 1 ? `${what} ${names[0]}` : `one of ${what}s ${names.join(', ')}`;
}
