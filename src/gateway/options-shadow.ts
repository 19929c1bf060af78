import { upstreamSchema } from './options-upstream.ts';

/** The keys under `shadow:`. */
export const shadowSchema = {
  type: 'object',
  description: 'Repeat a share of real calls in another way and compare the answers; see shadow.md.',
  required: ['percent'],
  properties: {
    percent: {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      description: 'Share of the calls that are repeated, of those whose methods have no side effects.',
    },
    over: {
      enum: ['grpc', 'rest', 'grpc-web', 'connect'],
      description:
        'How calls are repeated. Left out: calls by REST over gRPC, all others over REST; with `upstream` all over gRPC.',
    },
    upstream: {
      type: 'object',
      description: 'Repeat calls to another server instead of the one that has answered.',
      required: ['target'],
      properties: {
        target: { $ref: '#/$defs/target', description: 'As in `upstreams`.' },
        tls: upstreamSchema.properties.tls as typeof upstreamSchema.properties.tls,
      },
    },
    methods: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Methods that are repeated besides, `package.Service/Method`: for those without side effects that neither GET nor `idempotency_level` tells.',
    },
    ignore: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Fields of replies that may differ: `update_time` wherever it stands, `book.etag` in a book.',
    },
    logValues: {
      type: 'boolean',
      default: false,
      description: 'Log both values of a field that differs, and not its name alone.',
    },
    redact: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Fields, as in `ignore`, whose values are not logged. Those with names of secrets never are.',
    },
    timeout: { $ref: '#/$defs/duration', default: '5s', description: 'Deadline of a repeated call.' },
    concurrency: { type: 'integer', minimum: 1, maximum: 64, default: 4, description: 'Repeated calls at a time.' },
    queue: {
      type: 'integer',
      minimum: 0,
      maximum: 10000,
      default: 64,
      description: 'Calls that wait to be repeated; more are not.',
    },
    messageBytes: {
      $ref: '#/$defs/size',
      default: '64KiB',
      description: 'A call with a larger request or reply is not repeated.',
    },
    memoryBytes: {
      $ref: '#/$defs/size',
      default: '8MiB',
      description: 'What all calls that are held to be repeated take together; over it no more are.',
    },
  },
} as const;
