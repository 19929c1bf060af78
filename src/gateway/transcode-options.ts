/** The configuration as the lower rooms want it: each has its own small set of options and knows no other. */
import type { CodecOptions } from '../codec/codec.ts';
import type { TranscodeOptions } from '../transcode/options.ts';
import type { Options } from './options.ts';

export function codecOptionsOf({ transcoding, limits }: Options): CodecOptions {
  const { emitDefaults, protoNames, enumsAsNumbers, enumIgnoreCase } = transcoding.json;
  return {
    emitDefaults,
    protoNames,
    enumsAsNumbers,
    enumIgnoreCase,
    ignoreUnknown: transcoding.unknownFields === 'ignore',
    maxDepth: limits.jsonDepth,
  };
}

/** JSON between RPC clients and servers is the mapping itself: what REST clients are spared or denied is no matter to generated code. */
export function rpcCodecOptionsOf({ limits }: Options): CodecOptions {
  return { ignoreUnknown: true, maxDepth: limits.jsonDepth };
}

export function transcodeOptionsOf({ transcoding, limits, security }: Options): TranscodeOptions {
  const { unknownQuery, unknownFields, queryMaps, strayBody, collision, patchMask, errors, streamEnvelope, metadata } =
    transcoding;
  return Object.freeze({
    unknownQuery,
    unknownFields,
    // A key of the caller's is nobody's field.
    ignoredQuery: new Set([...transcoding.ignoredQuery, ...(security.apiKeys?.query ? [security.apiKeys.query] : [])]),
    queryMaps,
    strayBody,
    collision,
    patchMask,
    errors,
    streamEnvelope,
    indent: transcoding.json.indent,
    metadata: {
      requestHeaders: new Set(metadata.requestHeaders),
      responseHeaders: new Set(metadata.responseHeaders),
      keyHeader: metadata.keyHeader,
    },
    limits: {
      metadataBytes: limits.metadataBytes,
      metadataPairs: limits.metadataPairs,
      queryPairs: limits.queryPairs,
      formParts: limits.formParts,
      maxMessageBytes: limits.bodyBytes,
      depth: limits.jsonDepth,
    },
  });
}
