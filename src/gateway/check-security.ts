/** What no single key under `security:` shows to be wrong. */
import type { Options } from './options.ts';
import type { KeyPath } from './options-walk.ts';

type Report = (path: KeyPath, message: string) => void;
type Security = Options['security'];

/** Callers are asked who they are. */
export function asksCallers({ basic, apiKeys, jwt, mtls }: Security): boolean {
  return basic !== undefined || apiKeys !== undefined || jwt.length > 0 || mtls !== undefined;
}

export function checkSecurity({ security }: Options, report: Report): void {
  const problem: Report = (path, message) => report(['security', ...path], message);
  if (asksCallers(security)) checkUsed(security, problem);
  else checkUnused(security, problem);
  if (security.cors !== undefined) checkCors(security.cors, problem);
}

/** Any page could call in its reader's name. */
function checkCors({ origins, credentials, exposedHeaders }: NonNullable<Security['cors']>, problem: Report): void {
  if (origins.length === 0) problem(['cors', 'origins'], 'is empty; name a site, or leave cors out');
  if (origins.includes('*') && origins.length > 1) problem(['cors', 'origins'], '* allows all others; drop them or it');
  if (origins.includes('*') && credentials)
    problem(['cors', 'credentials'], 'is not for all sites; name them in origins');
  if (exposedHeaders.length > 0 && !credentials) {
    problem(['cors', 'exposedHeaders'], 'has no effect without credentials: pages may read all headers; drop it');
  }
}

function checkUsed(security: Security, problem: Report): void {
  checkSchemes(security, problem);
  checkChallenge(security.realm, ['realm'], problem);
  for (const [index, rule] of security.access.entries()) {
    if (rule.methods.length === 0) problem(['access', index, 'methods'], 'names nothing; write * for all methods');
    checkPermission(security, rule, ['access', index], problem);
  }
  const { pages, identity } = security;
  if (!pages.anonymous) checkPermission(security, pages, ['pages'], problem);
  const names = Object.entries(identity);
  for (const [index, [key, name]] of names.entries()) {
    const [other] = names.slice(0, index).find(([, before]) => before === name) ?? [];
    if (other !== undefined)
      problem(['identity', key], `is the name of security.identity.${other} as well; choose another`);
  }
}

/** Rules that hold nobody off would be worse than none. */
function checkUnused({ access, oauthScopes, visibility, pages }: Security, problem: Report): void {
  const message = 'has no effect without a way to prove who one is; add basic, apiKeys, jwt or mtls';
  if (access.length > 0) problem(['access'], message);
  if (oauthScopes) problem(['oauthScopes'], message);
  if (visibility) problem(['visibility'], message);
  if (!pages.anonymous) problem(['pages'], message);
}

function checkSchemes({ basic, apiKeys, jwt, mtls }: Security, problem: Report): void {
  if (basic !== undefined) checkDistinct(basic.users, 'name', ['basic', 'users'], problem);
  for (const [index, { name }] of basic?.users.entries() ?? []) {
    if (name === '' || name.includes(':'))
      problem(['basic', 'users', index, 'name'], 'holds at least one character, and no colon');
  }
  if (apiKeys !== undefined) {
    const { header, query, cookie, keys } = apiKeys;
    checkDistinct(keys, 'digest', ['apiKeys', 'keys'], problem);
    if ((header ?? query ?? cookie) === undefined)
      problem(['apiKeys'], 'says no place of the key; add header, query or cookie');
    if (header === 'authorization' || header === 'cookie')
      problem(['apiKeys', 'header'], `cannot be ${header}; write x-api-key`);
    if (query === '') problem(['apiKeys', 'query'], 'is empty');
    checkChallenge(query ?? '', ['apiKeys', 'query'], problem);
    if (cookie !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(cookie))
      problem(['apiKeys', 'cookie'], 'is not the name of a cookie');
  }
  checkDistinct(jwt, 'issuer', ['jwt'], problem);
  for (const [index, { audience, algorithms, jwksUrl, jwksFile }] of jwt.entries()) {
    if (audience.length === 0) problem(['jwt', index, 'audience'], 'is empty; name what tokens must be meant for');
    if (algorithms.length === 0)
      problem(['jwt', index, 'algorithms'], 'is empty; write RS256, ES256 or EdDSA, as the issuer signs');
    if ((jwksUrl === undefined) === (jwksFile === undefined))
      problem(['jwt', index], 'wants one of jwksUrl and jwksFile');
  }
  if (mtls !== undefined) checkDistinct(mtls.identities, 'san', ['mtls', 'identities'], problem);
}

/** It stands in WWW-Authenticate, and Node sends no other header. */
function checkChallenge(text: string, path: KeyPath, problem: Report): void {
  if (/[^\x20-\x7e]/.test(text)) problem(path, 'holds printable ASCII only: it is told in a header');
}

function checkDistinct<K extends string>(
  items: readonly Record<K, string>[],
  key: K,
  path: KeyPath,
  problem: Report,
): void {
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const first = seen.get(item[key]);
    if (first === undefined) seen.set(item[key], index);
    else problem([...path, index, key], `is that of entry ${first} as well; drop one`);
  }
}

type Permission = Security['pages'];

function checkPermission(security: Security, permission: Permission, path: KeyPath, problem: Report): void {
  const { roles, scopes, subjects, schemes, anonymous } = permission;
  const asked = Object.entries({ roles, scopes, subjects, schemes }).filter(([, list]) => list.length > 0);
  const [first] = asked.map(([name]) => name);
  if (anonymous && first !== undefined)
    problem([...path, 'anonymous'], `lets everybody in, whatever ${first} says; drop one of them`);
  const has = { jwt: security.jwt.length > 0, basic: security.basic, apiKey: security.apiKeys, mtls: security.mtls };
  for (const [index, scheme] of schemes.entries()) {
    if (!has[scheme]) problem([...path, 'schemes', index], `${scheme} is not configured under security`);
  }
}
