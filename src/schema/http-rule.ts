/**
 * @module google.api.HttpRule as written, before it is validated against a method. Sources: the annotation
 * `(google.api.http)` and `http.rules` of a service configuration.
 */
import type { MethodDescriptor, SourcePosition } from './descriptors.ts';

/** One rule with exactly one pattern. `additional_bindings` stand beside it in `MethodRules.rules`, in their order. */
export interface HttpRule {
  /** `GET`, `PUT`, `POST`, `DELETE`, `PATCH`, or the `kind` of a custom pattern as written (`*` is any method). */
  readonly httpMethod: string;
  readonly path: string;
  /** "" none, `*` all that is not bound by the path, or the name of a top-level request field. */
  readonly body: string;
  /** "" the whole reply, or the name of a top-level reply field. */
  readonly responseBody: string;
  readonly position: SourcePosition;
  /** It stands in a service configuration. */
  readonly isConfigured?: boolean;
}

/** All rules of one method: the main one first, its additional bindings behind it. */
export interface MethodRules {
  readonly method: MethodDescriptor;
  readonly rules: readonly HttpRule[];
}
