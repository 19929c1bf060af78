/** google.api.oauth_scopes as a security scheme. The gateway passes tokens on; the upstream is who asks for them. */
import type { ServiceDescriptor } from '../schema/descriptors.ts';
import { scopesOf } from './annotations.ts';
import type { Keyed, SecurityRequirement, SecurityScheme } from './document.ts';
import type { OpenApiOptions } from './options.ts';

const schemeName = 'OAuth2';

/** Where tokens for Google's own scopes come from. Other scopes do not say who gives them. */
const google = {
  authorizationUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
} as const;

function issuerOf(scopes: readonly string[], { oauth2 }: OpenApiOptions): OpenApiOptions['oauth2'] {
  const isGoogles = scopes.length > 0 && scopes.every((scope) => scope.startsWith('https://www.googleapis.com/auth/'));
  return oauth2 ?? (isGoogles ? google : undefined);
}

/** The schemes of the services' scopes; none when it is not known who gives tokens for them. */
export function oauthSchemes(
  services: readonly ServiceDescriptor[],
  options: OpenApiOptions,
): Keyed<SecurityScheme> | undefined {
  const scopes = [...new Set(services.flatMap(scopesOf))].sort();
  const issuer = issuerOf(scopes, options);
  if (issuer === undefined || scopes.length === 0) return undefined;
  const flow = { ...issuer, scopes: Object.fromEntries(scopes.map((scope) => [scope, ''])) };
  return { [schemeName]: { type: 'oauth2', flows: { authorizationCode: flow } } };
}

/** What a call of the service needs: any one of its scopes. */
export function oauthRequirements(
  service: ServiceDescriptor,
  schemes: Keyed<SecurityScheme>,
): readonly SecurityRequirement[] | undefined {
  const scopes = scopesOf(service);
  if (scopes.length === 0 || schemes[schemeName] === undefined) return undefined;
  return scopes.map((scope) => ({ [schemeName]: [scope] }));
}
