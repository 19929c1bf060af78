/**
 * @module Who calls, and who may call what. Decides about resolved methods, never about paths, so that every protocol and every spelling of
 * a URL gets the same answer. Knows nothing of HTTP servers and of hooks.
 */
import type { Nameable } from '../routing/method-selector.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import type { Problem } from '../schema/problem.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import { compileAccess, type MethodAccess } from './access.ts';
import type { Authenticator, Clock } from './authenticator.ts';
import { systemClock } from './authenticator.ts';
import { createAuthenticators } from './create-authenticators.ts';
import { type Caller, compileIdentityWriter, type Identity, type Scheme } from './identity.ts';
import type { KeySource } from './key-source.ts';
import type { Permission, SecurityOptions } from './options.ts';
import { missingOf } from './permission.ts';

/** Why a call is let in or refused. */
export interface Decision {
  readonly isAllowed: boolean;
  /** Undefined for an anonymous caller, and for one whose credentials are wrong. */
  readonly identity: Identity | undefined;
  /** One sentence, for the log and for `tandem explain`; not for the client. */
  readonly reason: string;
  /** What the client is answered; undefined when it is let in. */
  readonly error: StatusError | undefined;
}

export interface Security {
  /** Never rejects. */
  decide(method: MethodDescriptor, caller: Caller): Promise<Decision>;
  /** About the gateway's own pages: its API in writing. */
  decidePage(caller: Caller): Promise<Decision>;
  /** What goes upstream of a request's metadata, with its identity. */
  outgoing(metadata: Metadata, identity: Identity | undefined): Metadata;
  /** The kinds of credentials that are configured. */
  readonly schemes: readonly Scheme[];
  /** What a method wants of its callers, for those who describe it. */
  wantsOf(method: MethodDescriptor): MethodWants;
  /** By URL or path, for the next generation. */
  readonly keySources: ReadonlyMap<string, KeySource>;
}

export interface MethodWants {
  /** Anybody may call: by a rule that names the method itself, or by one for more. */
  readonly isOpen: 'by name' | 'by wildcard' | false;
  /** The kinds of credentials that it takes. */
  readonly schemes: readonly Scheme[];
}

export interface SecurityContext extends Nameable {
  /** Keys that were fetched already. */
  readonly keySources?: ReadonlyMap<string, KeySource> | undefined;
  readonly clock?: Clock;
}

export interface CreatedSecurity {
  readonly security: Security;
  /** What is wrong with files. */
  readonly problems: readonly Problem[];
  /** Rules that name nothing there is. */
  readonly unknown: readonly Problem[];
}

export async function createSecurity(options: SecurityOptions, context: SecurityContext): Promise<CreatedSecurity> {
  const created = await createAuthenticators(options, context.keySources, context.clock ?? systemClock);
  const access = compileAccess(options, context);
  const security = new MethodSecurity(options, created.authenticators, access.accessOf, created.keySources);
  return { security, problems: created.problems, unknown: access.problems };
}

class MethodSecurity implements Security {
  readonly keySources: ReadonlyMap<string, KeySource>;
  readonly schemes: readonly Scheme[];
  readonly #authenticators: readonly Authenticator[];
  readonly #accessOf: (method: MethodDescriptor) => MethodAccess;
  readonly #pages: MethodAccess;
  readonly #isForwarding: boolean;
  readonly #writeIdentity: ReturnType<typeof compileIdentityWriter>;

  constructor(
    options: SecurityOptions,
    authenticators: readonly Authenticator[],
    accessOf: (method: MethodDescriptor) => MethodAccess,
    keySources: ReadonlyMap<string, KeySource>,
  ) {
    this.keySources = keySources;
    this.#authenticators = authenticators;
    this.schemes = authenticators.map(({ scheme }) => scheme);
    this.#accessOf = accessOf;
    this.#pages = [{ permissions: [options.pages], source: 'security.pages', isExact: true }];
    this.#isForwarding = options.forwardCredentials;
    this.#writeIdentity = compileIdentityWriter(options.identity);
  }

  decide(method: MethodDescriptor, caller: Caller): Promise<Decision> {
    return this.#decide(this.#accessOf(method), caller, method.fullName);
  }

  decidePage(caller: Caller): Promise<Decision> {
    return this.#decide(this.#pages, caller, 'this page');
  }

  outgoing(metadata: Metadata, identity: Identity | undefined): Metadata {
    const isKept = ([name, value]: Metadata[number]): boolean =>
      !this.#authenticators.some((authenticator) => authenticator.isCredential(name, value));
    return this.#writeIdentity(this.#isForwarding ? metadata : metadata.filter(isKept), identity);
  }

  wantsOf(method: MethodDescriptor): MethodWants {
    const access = this.#accessOf(method);
    const opening = access.find(({ permissions }) => permissions.every(({ anonymous }) => anonymous));
    const isOpen = opening !== undefined && (opening.isExact ? 'by name' : 'by wildcard');
    return { isOpen, schemes: this.#takenBy(access).map(({ scheme }) => scheme) };
  }

  async #decide(access: MethodAccess, caller: Caller, what: string): Promise<Decision> {
    let identity: Identity | undefined;
    try {
      identity = await this.#identify(access, caller);
    } catch (cause) {
      const error = StatusError.from(cause);
      const reason = error.cause instanceof Error ? error.cause.message : error.message;
      return { isAllowed: false, identity: undefined, reason, error };
    }
    const missing = access.map(({ permissions, source }) => ({ source, what: firstMissing(permissions, identity) }));
    const allowing = missing.find((rule) => rule.what === undefined);
    if (allowing !== undefined)
      return { isAllowed: true, identity, reason: `${allowing.source} allows it`, error: undefined };
    const wants = missing.map((rule) => `${rule.source} wants ${rule.what}`).join('; ');
    const reason = wants || 'no rule of security.access names the method';
    return { isAllowed: false, identity, reason, error: this.#refusal(identity, access, { what, reason }) };
  }

  /** The first credentials that are there decide; those of kinds that the rules do not take are not looked at. */
  async #identify(access: MethodAccess, caller: Caller): Promise<Identity | undefined> {
    for (const authenticator of this.#takenBy(access)) {
      const identity = await authenticator.identify(caller);
      if (identity !== undefined) return identity;
    }
    return undefined;
  }

  #takenBy(access: MethodAccess): readonly Authenticator[] {
    const lists = access.flatMap(({ permissions }) => permissions.map(({ schemes }) => schemes));
    const takesAll = lists.length === 0 || lists.some((list) => list.length === 0);
    return takesAll ? this.#authenticators : this.#authenticators.filter(({ scheme }) => lists.flat().includes(scheme));
  }

  #refusal(
    identity: Identity | undefined,
    access: MethodAccess,
    { what, reason }: { readonly what: string; readonly reason: string },
  ): StatusError {
    const cause = new Error(reason);
    if (identity !== undefined) {
      return new StatusError(GrpcCode.PERMISSION_DENIED, `you may not call ${what}`, { cause });
    }
    const challenges = this.#takenBy(access)
      .map(({ challenge }) => challenge)
      .join(', ');
    const headers = [['www-authenticate', challenges]] as const;
    return new StatusError(GrpcCode.UNAUTHENTICATED, `${what} wants credentials`, { headers, cause });
  }
}

function firstMissing(permissions: readonly Permission[], identity: Identity | undefined): string | undefined {
  for (const permission of permissions) {
    const missing = missingOf(permission, identity);
    if (missing !== undefined) return missing;
  }
  return undefined;
}
