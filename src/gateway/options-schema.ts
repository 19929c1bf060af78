/**
 * The configuration as one JSON Schema: the source of its checks, defaults, types, of tandem.schema.json and of
 * docs/configuration.md. A plain literal, so that the types derive from it and start-up loads no schema library
 * (typebox and ajv together took 170 ms of it, measured).
 */
import { limitsSchema } from './options-limits.ts';
import { securitySchema } from './options-security.ts';
import { shadowSchema } from './options-shadow.ts';
import { transcodingSchema } from './options-transcoding.ts';
import { restUpstreamSchema, upstreamSchema } from './options-upstream.ts';
import { validationSchema } from './options-validation.ts';

const listenSchema = {
  type: 'object',
  description: 'Where `tandem serve` listens. A change needs a restart.',
  default: {},
  properties: {
    host: { type: 'string', default: '127.0.0.1', description: 'Address to bind; `0.0.0.0` or `::` for all.' },
    port: { type: 'integer', minimum: 0, maximum: 65535, default: 8080, description: 'Port; 0 picks a free one.' },
    workers: { type: 'integer', minimum: 1, maximum: 256, default: 1, description: 'Processes that share the port.' },
    trustProxy: {
      type: 'array',
      items: { $ref: '#/$defs/addressRange' },
      default: [],
      description:
        'Proxies in front whose `X-Forwarded-For` tells the client’s address: `10.0.0.0/8`, `::1`. Others’ is not believed.',
    },
    tls: {
      type: 'object',
      description: 'Serve HTTPS. Files that change are read again.',
      required: ['cert', 'key'],
      properties: {
        cert: { $ref: '#/$defs/path', description: 'Certificate chain, PEM.' },
        key: { $ref: '#/$defs/path', description: 'Private key, PEM.' },
        certificates: {
          type: 'array',
          default: [],
          description: 'More certificates: a client gets the first whose names have the host it asks for.',
          items: {
            type: 'object',
            required: ['cert', 'key'],
            properties: {
              cert: { $ref: '#/$defs/path', description: 'Certificate chain, PEM.' },
              key: { $ref: '#/$defs/path', description: 'Private key, PEM.' },
            },
          },
        },
        clientCa: {
          $ref: '#/$defs/path',
          description: 'Certificate authorities of clients, PEM. With it clients are asked for a certificate.',
        },
        clientCertificates: {
          enum: ['required', 'optional'],
          default: 'required',
          description: 'Whether a client without a valid certificate is turned away, or goes on without one.',
        },
        minVersion: { enum: ['TLSv1.2', 'TLSv1.3'], default: 'TLSv1.2', description: 'Oldest version of TLS.' },
      },
    },
  },
} as const;

const docsSchema = {
  type: 'object',
  description: 'The paths of the gateway’s own, and what the OpenAPI document says.',
  default: {},
  properties: {
    prefix: {
      $ref: '#/$defs/pathPrefix',
      default: '',
      description: 'Put before all of `paths`: `/-/tandem`.',
    },
    paths: {
      type: 'object',
      description: 'Where each page is; `false` turns it off. A rule with the same path wins.',
      default: {},
      properties: {
        ui: { $ref: '#/$defs/ownPath', default: '/docs', description: 'Swagger UI.' },
        openapiJson: { $ref: '#/$defs/ownPath', default: '/openapi.json', description: 'The OpenAPI document.' },
        openapiYaml: { $ref: '#/$defs/ownPath', default: '/openapi.yaml', description: 'The same as YAML.' },
        openapiParts: {
          $ref: '#/$defs/ownPath',
          default: '/openapi',
          description: 'Folder of a document for each package and service: `/openapi/library.v1.json`, `.yaml`.',
        },
        compare: {
          $ref: '#/$defs/ownPath',
          default: '/compare',
          description: 'The page that calls one RPC over all protocols, side by side.',
        },
        analytics: {
          $ref: '#/$defs/ownPath',
          default: '/analytics',
          description: 'The page that shows what is called, where `observability.analytics` is on.',
        },
        metrics: {
          $ref: '#/$defs/ownPath',
          default: '/metrics',
          description: 'Prometheus metrics, where `observability.metrics` is on.',
        },
        healthz: { $ref: '#/$defs/ownPath', default: '/healthz', description: '200 while the process lives.' },
        readyz: {
          $ref: '#/$defs/ownPath',
          default: '/readyz',
          description: '200 while calls can be served; 503 while draining or when no upstream is healthy.',
        },
      },
    },
    title: { type: 'string', description: 'Title of the document; the services’ names when left out.' },
    version: { type: 'string', description: 'Version of the API that the document describes.' },
    description: { type: 'string', description: 'Introduction of the document, Markdown.' },
    servers: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'URLs the document names as servers.',
    },
    pathStyle: {
      enum: ['segments', 'pattern'],
      default: 'segments',
      description:
        'How the document shows a variable of several segments, `{name=shelves/*}`: as `/shelves/{shelf}`, or as one parameter with a pattern.',
    },
    visibility: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Labels of the documents’ readers. What `google.api.visibility` restricts to other labels is left out of the documents.',
    },
    oauth2: {
      type: 'object',
      description:
        'Who gives tokens for the scopes of `google.api.oauth_scopes`; for Google’s own scopes known already.',
      required: ['authorizationUrl', 'tokenUrl'],
      properties: {
        authorizationUrl: { type: 'string', description: 'Where users agree.' },
        tokenUrl: { type: 'string', description: 'Where clients get tokens.' },
      },
    },
    openapiVersion: { enum: ['3.1', '3.0'], default: '3.1', description: 'Version of OpenAPI to write.' },
  },
} as const;

const observabilitySchema = {
  type: 'object',
  description: 'What the gateway tells of itself.',
  default: {},
  properties: {
    logLevel: {
      enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      default: 'info',
      description: 'Least severe log line that is written.',
    },
    accessLog: {
      type: 'boolean',
      default: false,
      description: 'Log a line of level `info` for each call; see observability.md. A change needs a restart.',
    },
    requestIds: {
      type: 'boolean',
      default: false,
      description:
        'Each request has an id, its own `X-Request-Id` or a new one: in the answer, upstream, in the log; see observability.md. A change needs a restart.',
    },
    metrics: {
      type: 'boolean',
      default: false,
      description: 'Count and measure every call, for Prometheus; see observability.md. A change needs a restart.',
    },
    openTelemetry: {
      type: 'boolean',
      default: false,
      description:
        'Spans and measures of every call by the SDK of OpenTelemetry that the process has registered; see observability.md.',
    },
    analytics: {
      type: 'boolean',
      default: false,
      description:
        'Count and measure every call of the last hour, for a page; see observability.md. A change needs a restart.',
    },
    analyticsMessages: {
      type: 'boolean',
      default: false,
      description: 'Let that page show messages of failed calls as they are, which may hold what clients have sent.',
    },
  },
} as const;

const protocolsSchema = {
  type: 'object',
  description: 'What the port speaks besides REST.',
  default: {},
  properties: {
    grpc: {
      type: 'boolean',
      default: true,
      description: 'gRPC itself, over HTTP/2: its messages pass to the upstream and back as they are.',
    },
    reflection: {
      type: 'boolean',
      default: true,
      description: 'Server reflection over what is served, for gRPC clients.',
    },
    health: {
      type: 'boolean',
      default: true,
      description: 'The service grpc.health.v1.Health, for gRPC clients.',
    },
    grpcWeb: { type: 'boolean', default: true, description: 'gRPC-Web, binary and text.' },
    connect: { type: 'boolean', default: true, description: 'Connect: calls by POST and GET, streams.' },
  },
} as const;

const sourcesSchema = {
  protos: {
    type: 'array',
    items: { $ref: '#/$defs/path' },
    default: [],
    description: 'Proto files, and folders that are searched for them.',
  },
  imports: {
    type: 'array',
    items: { $ref: '#/$defs/path' },
    default: [],
    description: 'Folders in which imports are looked up; `google/…` is found without.',
  },
  descriptorSets: {
    type: 'array',
    items: { $ref: '#/$defs/path' },
    default: [],
    description: 'Binary FileDescriptorSets, as protoc and buf write them.',
  },
  reflect: { type: 'boolean', default: false, description: 'Take descriptors from the upstreams’ server reflection.' },
  reflectInterval: {
    $ref: '#/$defs/duration',
    description:
      'How often `reflect` asks again, beside each time an upstream is connected to anew. Left out: only then.',
  },
  rules: {
    type: 'array',
    items: { $ref: '#/$defs/path' },
    default: [],
    description: 'Service configurations (YAML) whose `http.rules` are added to the annotations.',
  },
  plugins: {
    type: 'array',
    items: { $ref: '#/$defs/path' },
    default: [],
    description: 'Modules (`.mjs`, `.js`) whose default export is hooks that each RPC passes; see hooks.md.',
  },
  mock: {
    type: 'boolean',
    default: false,
    description: 'Answer for services that no upstream serves with replies made up from their descriptors.',
  },
} as const;

/** A text that abbreviates the object: `[SERVICE=]TARGET`. */
type UpstreamItem = { readonly anyOf: readonly [{ readonly $ref: '#/$defs/upstream' }, typeof upstreamSchema] };
type RestUpstreamItem = {
  readonly anyOf: readonly [{ readonly $ref: '#/$defs/restUpstream' }, typeof restUpstreamSchema];
};

interface OptionsSchema {
  readonly type: 'object';
  readonly properties: typeof sourcesSchema & {
    readonly listen: typeof listenSchema;
    readonly upstreams: {
      readonly type: 'array';
      readonly items: UpstreamItem;
      readonly default: readonly [];
      readonly description: string;
    };
    readonly restUpstreams: {
      readonly type: 'array';
      readonly items: RestUpstreamItem;
      readonly default: readonly [];
      readonly description: string;
    };
    readonly protocols: typeof protocolsSchema;
    readonly transcoding: typeof transcodingSchema;
    readonly limits: typeof limitsSchema;
    readonly security: typeof securitySchema;
    readonly validation: typeof validationSchema;
    readonly docs: typeof docsSchema;
    readonly observability: typeof observabilitySchema;
    readonly shadow: typeof shadowSchema;
  };
}

export const optionsSchema: OptionsSchema = {
  type: 'object',
  properties: {
    listen: listenSchema,
    ...sourcesSchema,
    upstreams: {
      type: 'array',
      items: { anyOf: [{ $ref: '#/$defs/upstream' }, upstreamSchema] },
      default: [],
      description: 'The gRPC servers behind the gateway, each as `[SERVICE=]TARGET` or an object.',
    },
    restUpstreams: {
      type: 'array',
      items: { anyOf: [{ $ref: '#/$defs/restUpstream' }, restUpstreamSchema] },
      default: [],
      description:
        'Servers that are REST only, called by the same rules for gRPC clients: `[SERVICE=]URL` or an object.',
    },
    protocols: protocolsSchema,
    transcoding: transcodingSchema,
    limits: limitsSchema,
    security: securitySchema,
    validation: validationSchema,
    docs: docsSchema,
    observability: observabilitySchema,
    shadow: shadowSchema,
  },
};
