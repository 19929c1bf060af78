/**
 * @module The path-template grammar of google/api/http.proto: text in, an immutable template out, and back.
 *
 *     Template = "/" Segments [ Verb ] ;   Segments = Segment { "/" Segment } ;
 *     Segment  = "*" | "**" | LITERAL | Variable ;
 *     Variable = "{" FieldPath [ "=" Segments ] "}" ;   FieldPath = IDENT { "." IDENT } ;   Verb = ":" LITERAL ;
 */

/** One segment of the flattened template. A literal's `text` is percent-decoded. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'single' }
  | { readonly kind: 'multi' };

/** A variable and the flattened segments it spans: from `start` up to, but without, `end`. */
export interface TemplateVariable {
  /** `book.name` as written. */
  readonly fieldPath: string;
  readonly start: number;
  readonly end: number;
  /**
   * Decoded as a multi-segment value: the pattern has more than one segment or is not `*` (`{v=a/**}`, `{v=**}`,
   * `{v=shelves/*}`), so `%2F` stays encoded (http.proto).
   */
  readonly isMultiSegment: boolean;
}

export interface PathTemplate {
  readonly segments: readonly Segment[];
  readonly variables: readonly TemplateVariable[];
  /** Without its colon. */
  readonly verb: string | undefined;
}
