/**
 * JSON Web Tokens as bearer tokens (RFC 6750, RFC 8725): only asymmetric algorithms that the configuration names, only its issuers,
 * audiences and keys. What a token says of where its key is (`jku`, `x5u`, `jwk`) is never looked at.
 */
import { decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import { StatusError } from '../status/status-error.ts';
import {
  type Authenticator,
  authorizationOf,
  type Clock,
  invalidCredentials,
  isOfScheme,
  quoted,
} from './authenticator.ts';
import type { Identity } from './identity.ts';
import type { KeySource } from './key-source.ts';
import type { JwtOptions } from './options.ts';
import { Remembered } from './remembered.ts';

const LEEWAY_SECONDS = 60;
const MAX_TOKEN_LENGTH = 16_384;

export interface Issuer extends JwtOptions {
  readonly keys: KeySource;
}

export function createJwt(issuers: readonly Issuer[], realm: string, clock: Clock): Authenticator {
  const byName = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));
  const challenge = `Bearer realm=${quoted(realm)}`;
  const remembered = new Remembered(clock.elapsed);
  const identify = async (token: string): Promise<Identity> => {
    const key = remembered.keyOf(token);
    const known = remembered.get(key);
    if (known !== undefined) return known;
    if (token.length > MAX_TOKEN_LENGTH) throw new Error('the token is too long');
    const issuer = byName.get(String(decodeJwt(token).iss));
    if (issuer === undefined) throw new Error('no such issuer is configured');
    const { payload } = await jwtVerify(token, issuer.keys.keyOf, {
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      requiredClaims: ['exp'],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(clock.wall()),
    });
    const identity = identityOfClaims(payload, issuer.claims);
    remembered.keep(key, identity, ((payload.exp ?? 0) + LEEWAY_SECONDS) * 1000 - clock.wall());
    return identity;
  };
  return {
    scheme: 'jwt',
    challenge,
    isCredential: (name, value) => name === 'authorization' && isOfScheme(value, 'Bearer'),
    async identify(caller) {
      const token = authorizationOf(caller, 'Bearer');
      if (token === undefined) return undefined;
      try {
        return await identify(token);
      } catch (error) {
        if (error instanceof StatusError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw invalidCredentials(`${challenge}, error="invalid_token"`, reason);
      }
    },
  };
}

function identityOfClaims(payload: JWTPayload, claims: JwtOptions['claims']): Identity {
  const subject = claimAt(payload, claims.subject);
  if (typeof subject !== 'string' || subject === '') throw new Error(`the token has no claim ${claims.subject}`);
  return {
    subject,
    scheme: 'jwt',
    isLent: false,
    roles: new Set(textsOf(claimAt(payload, claims.roles))),
    // RFC 8693, 4.2: one text, separated by spaces. Many issuers write a list.
    scopes: new Set(
      textsOf(claimAt(payload, claims.scopes))
        .flatMap((text) => text.split(' '))
        .filter(Boolean),
    ),
  };
}

/** A claim by its whole name, which may have dots, or else by a path of names: `realm_access.roles`. */
function claimAt(payload: unknown, path: string): unknown {
  const own = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  return own(payload, path) ?? path.split('.').reduce(own, payload);
}

function textsOf(claim: unknown): readonly string[] {
  return [claim].flat().filter((value) => typeof value === 'string');
}
