/**
 * Client certificates: TLS has verified the chain and that the client holds the key; here the name decides who it is.
 */
import { type Authenticator, quoted } from './authenticator.ts';
import type { Identity } from './identity.ts';
import type { MtlsOptions } from './options.ts';

/** A subject alternative name fits exactly or not at all. A certificate whose names are not listed is nobody's. */
export function createMtls({ identities }: MtlsOptions, realm: string): Authenticator {
  const byName = new Map(
    identities.map(({ san, name, roles, scopes }): [string, Identity] => [
      san,
      { subject: name ?? san, scheme: 'mtls', roles: new Set(roles), scopes: new Set(scopes), isLent: true },
    ]),
  );
  return {
    scheme: 'mtls',
    challenge: `Certificate realm=${quoted(realm)}`,
    isCredential: () => false,
    identify({ client }) {
      const known = client?.certificateNames?.find((name) => byName.has(name));
      return known === undefined ? undefined : byName.get(known);
    },
  };
}
