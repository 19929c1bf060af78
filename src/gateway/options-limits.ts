/** The keys under `limits:`. There is no "unlimited": every limit has a default and is shown by `tandem check`. */
export const limitsSchema = {
  type: 'object',
  description: 'What one request, one reply and one connection may cost.',
  default: {},
  properties: {
    bodyBytes: {
      $ref: '#/$defs/size',
      default: '4MiB',
      description: 'Request body or one streamed message; over it 413.',
    },
    replyBytes: { $ref: '#/$defs/size', default: '4MiB', description: 'One message of the upstream; over it 502.' },
    jsonDepth: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 100,
      description: 'Nesting of JSON; over it 400.',
    },
    urlBytes: { $ref: '#/$defs/size', default: '8KiB', description: 'Path and query together; over it 414.' },
    queryPairs: {
      type: 'integer',
      minimum: 0,
      default: 256,
      description: 'Query parameters, repeats counted; over it 400.',
    },
    formParts: {
      type: 'integer',
      minimum: 0,
      default: 256,
      description: 'Parts or pairs of a form that is a body; over it 400. Its size is that of any body.',
    },
    headerBytes: { $ref: '#/$defs/size', default: '16KiB', description: 'Header block of a request; over it 431.' },
    metadataBytes: { $ref: '#/$defs/size', default: '8KiB', description: 'Metadata sent upstream; over it 431.' },
    metadataPairs: {
      type: 'integer',
      minimum: 0,
      default: 64,
      description: 'Entries of metadata sent upstream; over it 431.',
    },
    timeoutDefault: { $ref: '#/$defs/duration', default: '15s', description: 'Deadline of a call that asks for none.' },
    timeoutMax: { $ref: '#/$defs/duration', default: '5m', description: 'Longest deadline a client may ask for.' },
    streamTimeout: {
      $ref: '#/$defs/duration',
      default: '1h',
      description: 'Deadline of a streaming call that asks for none.',
    },
    streamIdle: {
      $ref: '#/$defs/duration',
      default: '5m',
      description: 'How long a stream may be silent before the call is ended.',
    },
    headersTimeout: { $ref: '#/$defs/duration', default: '10s', description: 'Time for the header block to arrive.' },
    requestTimeout: {
      $ref: '#/$defs/duration',
      default: '30s',
      description: 'Time for a body to arrive, but for those that are a stream of messages.',
    },
    calls: {
      type: 'array',
      default: [],
      description:
        'How often, and how many at a time, may be called by whom, see [limits.md](limits.md). All that speak of a method hold.',
      items: {
        type: 'object',
        properties: {
          name: {
            type: 'string',
            description: 'What clients are told it is called; `limit1` and so on when left out.',
          },
          methods: {
            type: 'array',
            items: { type: 'string' },
            default: ['*'],
            description:
              '`package.Service/Method`, `package.Service/*`, `package.*`, `*`, or a route such as `GET /v1/books`.',
          },
          per: {
            type: 'array',
            items: { enum: ['identity', 'address', 'method'] },
            default: ['identity'],
            description:
              'What is counted by itself: each identity (of callers without one the address), each address (of IPv6 the /64), each method. Of `[]` all calls together.',
          },
          rates: {
            type: 'array',
            items: { $ref: '#/$defs/rate' },
            default: [],
            description: 'Calls in a time, of several times each: `[10/1s, 1000/1h]`. One more is 429.',
          },
          concurrent: {
            type: 'integer',
            minimum: 1,
            description: 'Calls at a time, without a store in one process. One more is 429.',
          },
        },
      },
    },
    store: {
      type: 'object',
      description:
        'Valkey or Redis, in which all gateways that name it count together, and by which their pages of calls show the sums of all.',
      required: ['url'],
      properties: {
        url: { $ref: '#/$defs/storeUrl', description: '`redis://host:6379`, `rediss://user:password@host:6379/1`.' },
        whenDown: {
          enum: ['allow', 'refuse'],
          default: 'allow',
          description: 'While it does not answer: each process counts for itself, or calls are 503.',
        },
        timeout: { $ref: '#/$defs/duration', default: '5ms', description: 'How long a call may wait for it.' },
        prefix: { type: 'string', default: 'tandem', description: 'What the names of its keys begin with.' },
      },
    },
    connections: { type: 'integer', minimum: 1, default: 10000, description: 'Open client connections per process.' },
    connectionsPerAddress: {
      type: 'integer',
      minimum: 1,
      default: 200,
      description:
        'The same per client address, of IPv6 the /64. This machine and those of `listen.trustProxy` may have any number.',
    },
    eventLoopDelay: {
      $ref: '#/$defs/duration',
      default: '250ms',
      description: 'How late the process may be, three times in a row; over it calls are 503 until it keeps up.',
    },
    heapPercent: {
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 80,
      description: 'How much of the heap may be used; over it calls are 503 until there is room.',
    },
    http2Streams: {
      type: 'integer',
      minimum: 1,
      default: 100,
      description: 'Requests at a time over one connection of HTTP/2; more are refused.',
    },
    http2StreamWindow: {
      $ref: '#/$defs/size',
      default: '64KiB',
      description: 'What a request over HTTP/2 may send ahead of its reader.',
    },
    http2ConnectionWindow: {
      $ref: '#/$defs/size',
      default: '1MiB',
      description: 'The same of all requests of one connection together.',
    },
    http2Idle: {
      $ref: '#/$defs/duration',
      default: '5m',
      description: 'How long a connection of HTTP/2 may be silent before it is ended.',
    },
    lameDuck: {
      $ref: '#/$defs/duration',
      description:
        'At shutdown, before `drain`: how long requests are served as before while `/readyz` answers 503 and clients are asked to connect anew, so that balancers turn away first. Left out: no time.',
    },
    drain: { $ref: '#/$defs/duration', default: '10s', description: 'Time for open calls to finish at shutdown.' },
  },
} as const;
