/**
 * The configuration as one JSON Schema: the source of its checks, defaults, types, of tandem.schema.json and of
 * docs/configuration.md. A plain literal, so that the types derive from it and start-up loads no schema library
 * (typebox and ajv together took 170 ms of it, measured).
 */
import { docsSchema } from './options-docs.ts';
import { limitsSchema } from './options-limits.ts';
import { observabilitySchema } from './options-observability.ts';
import { restUpstreamSchema } from './options-rest-upstream.ts';
import { securitySchema } from './options-security.ts';
import { shadowSchema } from './options-shadow.ts';
import { transcodingSchema } from './options-transcoding.ts';
import { upstreamSchema } from './options-upstream.ts';
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
