/** What the user may choose about who may call: the names are those of the configuration's `security:` keys. */
import type { Scheme } from './identity.ts';

export interface SecurityOptions {
  readonly realm: string;
  readonly basic: BasicOptions | undefined;
  readonly apiKeys: ApiKeyOptions | undefined;
  readonly jwt: readonly JwtOptions[];
  readonly mtls: MtlsOptions | undefined;
  readonly access: readonly AccessOptions[];
  readonly oauthScopes: boolean;
  readonly visibility: boolean;
  readonly pages: Permission;
  readonly identity: IdentityNames;
  readonly forwardCredentials: boolean;
}

/** What one who has proved who they are is given. */
interface Grants {
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

export interface BasicOptions {
  readonly users: readonly (Grants & { readonly name: string; readonly password: ScryptHash })[];
}

/** A password as it is stored: RFC 7914 with N = 2^cost. */
export interface ScryptHash {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export interface ApiKeyOptions {
  readonly header: string | undefined;
  readonly query: string | undefined;
  readonly cookie: string | undefined;
  /** `digest` is SHA-256 in hexadecimal. */
  readonly keys: readonly (Grants & { readonly name: string; readonly digest: string })[];
}

export interface JwtOptions {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  readonly jwksUrl: string | undefined;
  readonly jwksFile: string | undefined;
  /** Paths of claims: `realm_access.roles`. */
  readonly claims: { readonly subject: string; readonly roles: string; readonly scopes: string };
}

export interface MtlsOptions {
  readonly identities: readonly (Grants & { readonly san: string; readonly name: string | undefined })[];
}

/** Who may. Of each list that is not empty one entry must fit; with none of them, whoever has proved who they are. */
export interface Permission extends Grants {
  readonly subjects: readonly string[];
  readonly schemes: readonly Scheme[];
  readonly anonymous: boolean;
}

export interface AccessOptions extends Permission {
  /** `package.Service/Method`, `package.Service/*`, `package.*`, `*`, or a route, `GET /v1/books`. */
  readonly methods: readonly string[];
}

/** The metadata that tell an upstream who calls. */
export interface IdentityNames {
  readonly subject: string;
  readonly roles: string;
  readonly scopes: string;
  readonly scheme: string;
}
