/**
 * One way of proving who one is, as the others see it; and what those who fail are told.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Caller, Identity, Scheme } from './identity.ts';

export interface Authenticator {
  readonly scheme: Scheme;
  /** For WWW-Authenticate (RFC 9110, 11.6.1). */
  readonly challenge: string;
  /**
   * Who calls; undefined when the request has no credentials of this kind. Throws StatusError when it has some that are wrong, or when they
   * cannot be verified now.
   */
  identify(caller: Caller): Identity | undefined | Promise<Identity | undefined>;
  /** The metadata entry is a credential of this kind. */
  isCredential(name: string, value: string): boolean;
}

/** Monotonic and wall-clock milliseconds; tests have their own. */
export interface Clock {
  elapsed(): number;
  wall(): number;
}

export const systemClock: Clock = { elapsed: () => performance.now(), wall: () => Date.now() };

/** 401. The client hears only that its credentials are wrong; `reason` is for the log and holds no secret. */
export function invalidCredentials(challenge: string, reason: string): StatusError {
  return new StatusError(GrpcCode.UNAUTHENTICATED, 'the credentials are not valid', {
    headers: [['www-authenticate', challenge]],
    cause: new Error(reason),
  });
}

/** What follows `Bearer` or `Basic` in an Authorization header; undefined for another scheme or none. */
export function authorizationOf({ request }: Caller, scheme: 'Bearer' | 'Basic'): string | undefined {
  const header = request.headers['authorization'];
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header : header.join(', ');
  return isOfScheme(text, scheme) ? text.slice(scheme.length).trim() : undefined;
}

/** Names of schemes have no case (RFC 9110, 11.1). */
export function isOfScheme(authorization: string, scheme: 'Bearer' | 'Basic'): boolean {
  const start = authorization.trimStart().split(/[\s,]/, 1)[0] ?? '';
  return start.toLowerCase() === scheme.toLowerCase();
}

/** A quoted-string (RFC 9110, 5.6.4). */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
