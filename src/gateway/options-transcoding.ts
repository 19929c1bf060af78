/** The keys under `transcoding:`. Defaults are those of the documented semantics; each key here switches one of them. */
export const transcodingSchema = {
  type: 'object',
  description: 'How JSON requests become gRPC calls and replies become JSON.',
  default: {},
  properties: {
    unknownQuery: {
      enum: ['reject', 'ignore'],
      default: 'reject',
      description: 'A query parameter that names no field of the request, or any at all where the body is `*`.',
    },
    ignoredQuery: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Names of query parameters that are skipped wherever they are sent: `utm_source`.',
    },
    queryMaps: {
      type: 'boolean',
      default: true,
      description: 'Read `m[key]=value` in the query into the map field m.',
    },
    unknownFields: {
      enum: ['reject', 'ignore'],
      default: 'reject',
      description: 'A JSON key in the body that names no field.',
    },
    collision: {
      enum: ['pathWins', 'reject'],
      default: 'pathWins',
      description: 'A field that both the path and the body set.',
    },
    strayBody: {
      enum: ['reject', 'ignore'],
      default: 'reject',
      description: 'A body that is not empty where the rule has none.',
    },
    patchMask: {
      type: 'boolean',
      default: true,
      description: 'Derive an unset `update_mask` of a PATCH from the keys in its body.',
    },
    reservedExpansion: {
      enum: ['spec', 'keepReserved', 'all'],
      default: 'spec',
      description:
        'What is decoded in a variable of several segments: all but `%2F` (spec), all but reserved characters, or everything.',
    },
    ignoreTrailingSlash: { type: 'boolean', default: false, description: 'Match `/v1/books/` like `/v1/books`.' },
    duplicates: {
      enum: ['error', 'firstWins', 'lastWins'],
      default: 'error',
      description: 'Two rules with the same HTTP method and template.',
    },
    deepWildcards: {
      enum: ['last', 'anywhere'],
      default: 'last',
      description:
        'Where `**` may stand in an annotation: last but for a verb, or with more behind it, as some of Google’s. Service configurations may always have it so.',
    },
    wrongRules: {
      enum: ['error', 'skip'],
      default: 'error',
      description: 'A rule that cannot be served: do not start, or leave it out and say so (log, `tandem check`).',
    },
    autoMapping: {
      type: 'boolean',
      default: false,
      description: 'Serve methods without a rule as `POST /package.Service/Method` with body `*`.',
    },
    methodOverride: {
      type: 'boolean',
      default: false,
      description: 'Obey `X-HTTP-Method-Override: GET` on a form-encoded POST: its fields become the query.',
    },
    json: {
      type: 'object',
      description: 'How JSON is written and read.',
      default: {},
      properties: {
        emitDefaults: {
          type: 'boolean',
          default: false,
          description: 'Write fields without presence at their default.',
        },
        protoNames: { type: 'boolean', default: false, description: 'Write `page_size` instead of `pageSize`.' },
        enumsAsNumbers: { type: 'boolean', default: false, description: 'Write enum values as numbers.' },
        indent: {
          type: 'integer',
          minimum: 0,
          maximum: 8,
          default: 0,
          description: 'Spaces of indentation; 0 is one line.',
        },
        enumIgnoreCase: { type: 'boolean', default: false, description: 'Read enum names in any case.' },
      },
    },
    errors: {
      enum: ['status', 'google', 'problem'],
      default: 'status',
      description:
        'The error body: google.rpc.Status, the same under `error` (AIP-193), or RFC 9457 as `application/problem+json`.',
    },
    streamEnvelope: {
      type: 'boolean',
      default: false,
      description: 'Wrap each NDJSON line of a server stream in `{"result": …}`, as grpc-gateway does.',
    },
    heartbeat: {
      $ref: '#/$defs/duration',
      default: '15s',
      description: 'How long an event stream may be silent before a comment line keeps it open.',
    },
    compression: {
      type: 'object',
      default: {},
      description: 'Compression by HTTP, of bodies that are whole. gRPC, gRPC-Web and Connect have their own.',
      properties: {
        requests: {
          type: 'boolean',
          default: false,
          description:
            'Take bodies in one of gzip, deflate and br, of `limits.bodyBytes` inflated; otherwise they are 415.',
        },
        replies: {
          type: 'boolean',
          default: false,
          description:
            'Answer in br or gzip to whom it accepts. For `tandem serve`; an app with the plugin has its own. A change needs a restart.',
        },
        minBytes: { $ref: '#/$defs/size', default: '1KiB', description: 'Smaller replies stay as they are.' },
      },
    },
    webSocketOrigins: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Sites whose pages may open WebSockets without a token that the gateway verifies, beside its own and those of `security.cors` with `credentials`: `https://app.example.com`, or `*` for all.',
    },
    metadata: {
      type: 'object',
      description: 'Headers that pass beside those that always do.',
      default: {},
      properties: {
        requestHeaders: {
          type: 'array',
          items: { $ref: '#/$defs/headerName' },
          default: [],
          description:
            'Request headers that become metadata beside `authorization`, `traceparent`, `x-*` and the like.',
        },
        responseHeaders: {
          type: 'array',
          items: { $ref: '#/$defs/headerName' },
          default: [],
          description:
            'Response metadata that is withheld by default and shall become headers: `set-cookie`, `location`.',
        },
        keyHeader: {
          $ref: '#/$defs/headerName',
          description:
            'Metadata that the query parameter `key` is sent as, `x-goog-api-key` for Google’s APIs; dropped unless set.',
        },
      },
    },
  },
} as const;
