/**
 * @module The route table: bindings in, the one that a request's method and raw target mean out. Immutable; matching
 * neither allocates regular expressions nor depends on the order of registration.
 */
import type { Binding } from './binding.ts';

/** What a request's method and raw path mean. */
export type MatchOutcome =
  /** `captures[i]` is the decoded text of `binding.variables[i]`. */
  | { readonly kind: 'matched'; readonly binding: Binding; readonly captures: readonly string[] }
  /** A rule has the path, none has the method: 405 with these methods, sorted, as `Allow`. */
  | { readonly kind: 'wrongMethod'; readonly allow: readonly string[] }
  /** OPTIONS where no rule has it: 204 with these methods. */
  | { readonly kind: 'options'; readonly allow: readonly string[] }
  | { readonly kind: 'unmatched' };

export interface RouteTable {
  readonly bindings: readonly Binding[];
  /**
   * Matches the raw request path (no query, nothing decoded). HEAD falls back to GET where no rule has it.
   * Throws StatusError INVALID_ARGUMENT for a malformed escape in a captured part.
   */
  match(httpMethod: string, rawPath: string): MatchOutcome;
}
