import type { MethodDescriptor } from '../schema/descriptors.ts';
import type { Keyed, SecurityRequirement, SecurityScheme, ServerObject } from './document.ts';

/** What the document says beside the bindings. The parts that change replies are the gateway's own options. */
export interface OpenApiOptions {
  /** Default: the names of up to three services, of more their number. */
  readonly title?: string | undefined;
  /** Default: what an author wrote as option, or 0.0.0. */
  readonly version?: string | undefined;
  readonly description?: string;
  /** Default: one, `/`. */
  readonly servers?: readonly ServerObject[];
  /**
   * How a variable of several segments is shown, here `/v1/{name=shelves/*}`.
   * `segments` (default): `/v1/shelves/{shelf}`. Every tool can fill that in, and no two paths are alike.
   * `pattern`: `/v1/{name}` and a pattern on the parameter. Closer to the proto, but clients tend to escape its slashes,
   * and templates that differ in the pattern alone need the names `{name_2}`, `{name_3}`…
   */
  readonly pathStyle?: 'segments' | 'pattern';
  readonly json?: {
    readonly emitDefaults?: boolean;
    readonly protoNames?: boolean;
    readonly enumsAsNumbers?: boolean;
  };
  /** Map fields of scalars in the query, `labels[key]=value`; default true. */
  readonly queryMaps?: boolean;
  readonly collision?: 'pathWins' | 'reject';
  /** Shape of error bodies: google.rpc.Status (default), AIP-193 `{"error": …}`, RFC 9457. */
  readonly errors?: 'status' | 'google' | 'problem';
  /** NDJSON lines as `{"result": …}`; default false. */
  readonly streamEnvelope?: boolean;
  /** Labels of the readers: what google.api.visibility restricts to other labels is left out. Default: none. */
  readonly visibility?: readonly string[];
  /** Who gives tokens for the scopes of google.api.oauth_scopes; for Google's own scopes Google by default. */
  readonly oauth2?: { readonly authorizationUrl: string; readonly tokenUrl: string } | undefined;
  /** What the gateway itself asks of callers. Where it asks anything, what the upstream asks by its annotations is not said. */
  readonly access?: DocumentedAccess | undefined;
}

export interface DocumentedAccess {
  readonly schemes: Keyed<SecurityScheme>;
  /** Any one of them; an empty one is a call without credentials. */
  requirementsOf(method: MethodDescriptor): readonly SecurityRequirement[];
}
