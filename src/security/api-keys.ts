/**
 * API keys: long random texts, known by their SHA-256 digests alone. Found by digest, so that no comparison tells how much of one was right.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type Authenticator, invalidCredentials, quoted } from './authenticator.ts';
import type { Caller, Identity } from './identity.ts';
import type { ApiKeyOptions } from './options.ts';

/** A new key of 256 random bits. */
export function makeApiKey(): string {
  return `tdm_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 in hexadecimal. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function createApiKeys({ header, query, cookie, keys }: ApiKeyOptions, realm: string): Authenticator {
  const byDigest = new Map(
    keys.map(({ name, digest, roles, scopes }): [string, Identity] => [
      digest,
      { subject: name, scheme: 'apiKey', roles: new Set(roles), scopes: new Set(scopes), isLent: false },
    ]),
  );
  const places = Object.entries({ header, query, cookie }).filter(([, name]) => name !== undefined);
  const parameters = [['realm', realm], ...places].map(([key, name]) => `${key}=${quoted(name ?? '')}`);
  const challenge = `ApiKey ${parameters.join(', ')}`;
  const keysGiven = ({ request: { headers, target } }: Caller): readonly string[] => [
    ...(header === undefined ? [] : [headers[header] ?? []].flat()),
    ...(query === undefined ? [] : queryValues(target, query)),
  ];
  const keysInCookies = ({ request: { headers } }: Caller): readonly string[] =>
    cookie === undefined ? [] : cookieValues([headers['cookie'] ?? []].flat().join('; '), cookie);
  return {
    scheme: 'apiKey',
    challenge,
    // gRPC lets clients send cookies on; with a key among them none goes.
    isCredential: (name) => name === header || (name === 'cookie' && cookie !== undefined),
    identify(caller) {
      const given = keysGiven(caller);
      const [key, ...others] = new Set([...given, ...keysInCookies(caller)]);
      if (key === undefined) return undefined;
      if (others.length > 0) throw invalidCredentials(challenge, 'two API keys in one request');
      const identity = byDigest.get(digestOf(key));
      if (identity === undefined) throw invalidCredentials(challenge, 'unknown API key');
      return given.length === 0 ? { ...identity, isLent: true } : identity;
    },
  };
}

function queryValues(target: string, name: string): readonly string[] {
  const start = target.indexOf('?');
  return start < 0 ? [] : new URLSearchParams(target.slice(start + 1)).getAll(name);
}

function cookieValues(header: string, name: string): readonly string[] {
  return header.split(';').flatMap((pair) => {
    const [key = '', ...rest] = pair.split('=');
    return key.trim() === name ? [rest.join('=').trim()] : [];
  });
}
