/**
 * @module What the user may choose about transcoding, as this room needs it: plain, frozen, decided at start-up. The names are those of
 * the configuration's `transcoding:` and `limits:` keys.
 */
import type { MethodDescriptor } from '../schema/descriptors.ts';

export type ErrorFormat = 'status' | 'google' | 'problem';

export interface TranscodeOptions {
  /** A query parameter that names no field, or one that the path or the body binds. */
  readonly unknownQuery: 'reject' | 'ignore';
  /** Told of each parameter that names no field, refused or not. */
  readonly onUnknownQuery?: (method: MethodDescriptor) => void;
  /** Query parameters that are never looked at. */
  readonly ignoredQuery: ReadonlySet<string>;
  /** `m[key]=value` fills the map field `m`. */
  readonly queryMaps: boolean;
  /** A part of a form that names no field. */
  readonly unknownFields: 'reject' | 'ignore';
  /** A body where the rule has none. */
  readonly strayBody: 'reject' | 'ignore';
  /** A field that both the path and the body set. */
  readonly collision: 'pathWins' | 'reject';
  /** PATCH derives an unset `update_mask` from the keys of the body. */
  readonly patchMask: boolean;
  readonly errors: ErrorFormat;
  /** NDJSON lines are `{"result": …}`, and NDJSON is the default framing, as grpc-gateway's clients expect. */
  readonly streamEnvelope: boolean;
  /** Spaces of indentation in replies; 0 for none. */
  readonly indent: number;
  readonly metadata: MetadataOptions;
  readonly limits: TranscodeLimits;
}

export interface MetadataOptions {
  /** Request headers that travel upstream besides the standing allow-list; lower case. */
  readonly requestHeaders: ReadonlySet<string>;
  /** Response metadata that would be held back but may pass; lower case. */
  readonly responseHeaders: ReadonlySet<string>;
  /** Metadata that the query parameter `key` becomes; undefined where it is dropped. */
  readonly keyHeader: string | undefined;
}

export interface TranscodeLimits {
  /** Bytes of names and values of the metadata that goes upstream. */
  readonly metadataBytes: number;
  readonly metadataPairs: number;
  readonly queryPairs: number;
  readonly formParts: number;
  /** Bytes of one message of a client stream, as JSON. */
  readonly maxMessageBytes: number;
  /** Levels of nesting in a dotted query parameter. */
  readonly depth: number;
}
