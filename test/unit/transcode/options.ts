/** The options that the tests of this room start from: the documented defaults. */
import type { TranscodeLimits, TranscodeOptions } from '../../../src/transcode/options.ts';

export const limits: TranscodeLimits = {
  metadataBytes: 8192,
  metadataPairs: 64,
  queryPairs: 256,
  formParts: 256,
  maxMessageBytes: 4 * 1024 * 1024,
  depth: 100,
};

export const defaults: TranscodeOptions = {
  unknownQuery: 'reject',
  unknownFields: 'reject',
  ignoredQuery: new Set(),
  queryMaps: true,
  strayBody: 'reject',
  collision: 'pathWins',
  patchMask: true,
  errors: 'status',
  streamEnvelope: false,
  indent: 0,
  metadata: { requestHeaders: new Set(), responseHeaders: new Set(), keyHeader: undefined },
  limits,
};
