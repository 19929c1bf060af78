/**
 * @module Binding: one HttpRule joined to one method and validated. The unit of the route table, of the OpenAPI
 * document, of `tandem routes` and of the metrics' labels.
 */
import type { FieldDescriptor, MethodDescriptor, SourcePosition } from '../schema/descriptors.ts';
import type { PathTemplate } from './path-template.ts';

/** What the HTTP body fills. */
export type BodySelector =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'field'; readonly field: FieldDescriptor };

/** A path variable with its field resolved: `fields` leads from the request message to the leaf. */
export interface PathVariable {
  /** The proto names joined by dots. */
  readonly text: string;
  readonly fields: readonly FieldDescriptor[];
  readonly start: number;
  readonly end: number;
  readonly isMultiSegment: boolean;
}

export interface Binding {
  /** `package.Service.Method#0`; additional bindings count from 1. */
  readonly id: string;
  readonly index: number;
  readonly method: MethodDescriptor;
  /** Upper case as HTTP spells it, or `*` for any. */
  readonly httpMethod: string;
  readonly path: string;
  readonly template: PathTemplate;
  readonly variables: readonly PathVariable[];
  readonly body: BodySelector;
  readonly responseBody: FieldDescriptor | undefined;
  readonly position: SourcePosition;
}
