/**
 * Who calls, and how an upstream hears of it.
 */
import type { Metadata } from '../transcode/exchange.ts';
import type { IdentityNames } from './options.ts';

/** How somebody proved who they are. */
export type Scheme = 'jwt' | 'basic' | 'apiKey' | 'mtls';

export interface Identity {
  /** A user's or key's name, the subject of a token, a name in a certificate. */
  readonly subject: string;
  readonly scheme: Scheme;
  readonly roles: ReadonlySet<string>;
  readonly scopes: ReadonlySet<string>;
  /** Browsers send such credentials by themselves, whichever site's page makes them call: cookies, passwords, certificates. */
  readonly isLent: boolean;
}

/** What of a request says who sends it. Hooks' `Rpc` fits, and so does any request's head. */
export interface Caller {
  readonly request: {
    readonly target: string;
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  };
  readonly client: { readonly address: string; readonly certificateNames: readonly string[] | undefined } | undefined;
}

const key: unique symbol = Symbol('tandem.identity');

interface WithValues {
  readonly values: Map<unknown, unknown>;
}

/** Who makes a call, once it is let in; undefined for an anonymous caller, and where security is not configured. */
export function identityOf({ values }: WithValues): Identity | undefined {
  return values.get(key) as Identity | undefined;
}

export function setIdentity({ values }: WithValues, identity: Identity | undefined): void {
  values.set(key, identity);
}

/** What becomes of a request's metadata: whatever a client wrote under the names of identity is dropped, and the truth put in. */
export function compileIdentityWriter(
  names: IdentityNames,
): (metadata: Metadata, identity: Identity | undefined) => Metadata {
  const reserved = new Set<string>(Object.values(names));
  return (metadata, identity) => {
    // Some servers take an underscore or a dot for a dash.
    const others = metadata.filter(([name]) => !reserved.has(name.replaceAll(/[_.]/g, '-')));
    if (identity === undefined) return others;
    const { subject, scheme, roles, scopes } = identity;
    return [
      ...others,
      [names.subject, escaped(subject)],
      [names.scheme, scheme],
      ...listEntry(names.roles, roles),
      ...listEntry(names.scopes, scopes),
    ];
  };
}

function listEntry(name: string, values: ReadonlySet<string>): Metadata {
  return values.size === 0 ? [] : [[name, [...values].map(escaped).join(',')]];
}

/** Percent-encodes all but printable ASCII, and what would read as two values or as an escape: `a,b c` → `a%2Cb%20c`. */
function escaped(text: string): string {
  const isPlain = (byte: number): boolean => byte > 0x20 && byte < 0x7f && byte !== 0x25 && byte !== 0x2c;
  const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return [...Buffer.from(text)].map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : hex(byte))).join('');
}
