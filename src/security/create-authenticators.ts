/** The configured ways of proving who one is, in the order in which a request's credentials are looked at. */
import type { Problem } from '../schema/problem.ts';
import { createApiKeys } from './api-keys.ts';
import type { Authenticator, Clock } from './authenticator.ts';
import { createBasic } from './basic.ts';
import { fetchKeys, KeySource, readKeys } from './key-source.ts';
import { createMtls } from './mtls.ts';
import type { JwtOptions, SecurityOptions } from './options.ts';

export interface Authenticators {
  readonly authenticators: readonly Authenticator[];
  readonly keySources: ReadonlyMap<string, KeySource>;
  readonly problems: readonly Problem[];
}

/** Keys that `known` has from a URL are taken from there: a reload asks no issuer again. */
export async function createAuthenticators(
  { basic, apiKeys, jwt, mtls, realm }: SecurityOptions,
  known: ReadonlyMap<string, KeySource> | undefined,
  clock: Clock,
): Promise<Authenticators> {
  const keySources = new Map<string, KeySource>();
  const problems: Problem[] = [];
  const authenticators: Authenticator[] = [];
  if (jwt.length > 0) {
    const issuers = jwt.map((options) => {
      const place = options.jwksUrl ?? options.jwksFile ?? '';
      const kept = options.jwksUrl === undefined ? undefined : known?.get(place);
      const keys = kept ?? keySources.get(place) ?? keySourceOf(options, clock);
      keySources.set(place, keys);
      return { ...options, keys };
    });
    problems.push(...(await unreadableFiles(jwt, keySources)));
    // jose is loaded by those alone who use it.
    const { createJwt } = await import('./jwt.ts');
    authenticators.push(createJwt(issuers, realm, clock));
  }
  if (basic !== undefined) authenticators.push(createBasic(basic, realm, clock));
  if (apiKeys !== undefined) authenticators.push(createApiKeys(apiKeys, realm));
  // The connection's certificate comes last: it may be a proxy's, and what a request holds is closer to its sender.
  if (mtls !== undefined) authenticators.push(createMtls(mtls, realm));
  return { authenticators, keySources, problems };
}

function keySourceOf({ jwksUrl, jwksFile }: JwtOptions, { elapsed }: Clock): KeySource {
  const load = (): Promise<unknown> => (jwksUrl === undefined ? readKeys(jwksFile ?? '') : fetchKeys(jwksUrl));
  return new KeySource(load, elapsed);
}

/** An issuer may be away when the gateway starts; a file must be there. */
async function unreadableFiles(
  jwt: readonly JwtOptions[],
  keySources: ReadonlyMap<string, KeySource>,
): Promise<readonly Problem[]> {
  const problems = jwt.map(async ({ jwksFile }, index) => {
    const source = jwksFile === undefined ? undefined : keySources.get(jwksFile);
    await source?.refresh();
    if (source?.failure === undefined) return [];
    const reason =
      (source.failure as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'there is no such file'
        : 'it holds no JSON Web Key Set';
    return [{ position: undefined, subject: `security.jwt[${index}].jwksFile`, message: `${jwksFile}: ${reason}` }];
  });
  return (await Promise.all(problems)).flat();
}
