/** The keys of one upstream. Names are those of gRPC's service config and of Envoy where they have one. */
export const upstreamSchema = {
  type: 'object',
  required: ['target'],
  properties: {
    target: {
      $ref: '#/$defs/target',
      description:
        '`host:port` (plaintext), `https://host:port` (TLS), `unix:PATH` or `dns:///host:port` (all addresses of the name); a list of several that are the same.',
    },
    services: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Full names of the services it has, `package.Service`; none means every service no other upstream has.',
    },
    tls: {
      type: 'object',
      description: 'TLS to the upstream; `{}` is TLS with the system’s certificate authorities.',
      properties: {
        ca: { $ref: '#/$defs/path', description: 'Certificate authorities to trust instead of the system’s, PEM.' },
        cert: { $ref: '#/$defs/path', description: 'Client certificate chain, PEM.' },
        key: { $ref: '#/$defs/path', description: 'Private key of the client certificate, PEM.' },
        serverName: { type: 'string', description: 'Name to ask for and to verify instead of the target’s host.' },
      },
    },
    transport: {
      type: 'string',
      enum: ['auto', 'http2', 'grpc-js'],
      default: 'auto',
      description:
        'What makes the calls: HTTP/2 of Tandem’s own, or @grpc/grpc-js, which costs ten times the CPU; by itself only where a proxy or xDS needs it.',
    },
    balancing: {
      type: 'object',
      description: 'Which of several addresses gets a call.',
      default: {},
      properties: {
        policy: {
          enum: ['pick_first', 'round_robin', 'least_request'],
          default: 'pick_first',
          description: 'The first that can be called, each in turn, or of a few the one with fewer open calls.',
        },
        choiceCount: {
          type: 'integer',
          minimum: 2,
          maximum: 10,
          default: 2,
          description: 'How many addresses `least_request` compares.',
        },
        dnsRefreshRate: {
          $ref: '#/$defs/duration',
          default: '30s',
          description: 'Between look-ups of `dns:///` names; a lost connection is followed by one as well.',
        },
      },
    },
    health: {
      type: 'object',
      description: 'Watch the upstream’s `grpc.health.v1.Health`: an address that does not serve is not called.',
      properties: {
        serviceName: { type: 'string', default: '', description: 'The service to ask for; none is the whole server.' },
      },
    },
    outlierDetection: {
      type: 'object',
      description: 'Leave those of several addresses alone for a while that fail more than the others; `{}` is on.',
      properties: {
        interval: { $ref: '#/$defs/duration', default: '10s', description: 'How often they are compared.' },
        baseEjectionTime: {
          $ref: '#/$defs/duration',
          default: '30s',
          description: 'For how long, times how often it happened.',
        },
        maxEjectionTime: { $ref: '#/$defs/duration', default: '5m', description: 'For how long at most.' },
        maxEjectionPercent: {
          type: 'integer',
          minimum: 0,
          maximum: 100,
          default: 10,
          description: 'With so many of the addresses left alone no more are.',
        },
        consecutiveFailures: {
          type: 'integer',
          minimum: 0,
          default: 5,
          description: 'So many failures in a row are enough, at once; 0 turns that off.',
        },
        successRateEjection: {
          type: 'object',
          description: 'Those whose rate of success is too far below the mean.',
          properties: {
            stdevFactor: {
              type: 'integer',
              minimum: 0,
              default: 1900,
              description: 'Thousandths of a standard deviation.',
            },
            enforcementPercentage: {
              type: 'integer',
              minimum: 0,
              maximum: 100,
              default: 100,
              description: 'So many of those that are due.',
            },
            minimumHosts: {
              type: 'integer',
              minimum: 1,
              default: 5,
              description: 'Addresses with so many calls, at least.',
            },
            requestVolume: { type: 'integer', minimum: 1, default: 100, description: 'Calls of an interval.' },
          },
        },
        failurePercentageEjection: {
          type: 'object',
          description: 'Those that fail too often.',
          properties: {
            threshold: {
              type: 'integer',
              minimum: 0,
              maximum: 100,
              default: 85,
              description: 'Percentage of failures.',
            },
            enforcementPercentage: {
              type: 'integer',
              minimum: 0,
              maximum: 100,
              default: 100,
              description: 'So many of those that are due.',
            },
            minimumHosts: {
              type: 'integer',
              minimum: 1,
              default: 5,
              description: 'Addresses with so many calls, at least.',
            },
            requestVolume: { type: 'integer', minimum: 1, default: 50, description: 'Calls of an interval.' },
          },
        },
      },
    },
    retry: {
      type: 'object',
      description:
        'How calls are tried again that change nothing: methods bound to GET, or with an `idempotency_level`.',
      default: {},
      properties: {
        maxAttempts: {
          type: 'integer',
          minimum: 1,
          maximum: 5,
          default: 3,
          description: 'Attempts, the first one counted; 1 turns retries off.',
        },
        initialBackoff: {
          $ref: '#/$defs/duration',
          default: '50ms',
          description: 'Pause before the first retry, ±20 %.',
        },
        maxBackoff: { $ref: '#/$defs/duration', default: '1s', description: 'What the pause grows to.' },
        backoffMultiplier: { $ref: '#/$defs/factor', default: 2, description: 'How the pause grows with each retry.' },
        retryableStatusCodes: {
          type: 'array',
          items: { $ref: '#/$defs/statusCode' },
          default: ['UNAVAILABLE'],
          description: 'Failures that are tried again.',
        },
        retryThrottling: {
          type: 'object',
          description: 'The budget of all retries of the upstream, `methodConfig` included.',
          default: {},
          properties: {
            maxTokens: {
              type: 'integer',
              minimum: 1,
              maximum: 1000,
              default: 10,
              description: 'A failure takes one; with half of them gone nothing is tried again.',
            },
            tokenRatio: { $ref: '#/$defs/factor', default: 0.1, description: 'What a success gives back.' },
          },
        },
      },
    },
    methodConfig: {
      type: 'array',
      default: [],
      description: 'Settings of single methods, as in gRPC’s service config. The nearest name counts.',
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: {
            type: 'array',
            description: 'What it is for; `{}` is every method.',
            items: {
              type: 'object',
              properties: {
                service: { type: 'string', description: 'Full name of a service.' },
                method: { type: 'string', description: 'One method of it; all when left out.' },
              },
            },
          },
          timeout: {
            $ref: '#/$defs/duration',
            description: 'The longest a call may take, whatever the client asks for.',
          },
          retryPolicy: {
            type: 'object',
            description: 'Retries of these methods, also of those that are not idempotent.',
            required: ['maxAttempts'],
            properties: {
              maxAttempts: {
                type: 'integer',
                minimum: 2,
                maximum: 5,
                description: 'Attempts, the first one counted.',
              },
              initialBackoff: {
                $ref: '#/$defs/duration',
                default: '50ms',
                description: 'Pause before the first retry, ±20 %.',
              },
              maxBackoff: { $ref: '#/$defs/duration', default: '1s', description: 'What the pause grows to.' },
              backoffMultiplier: {
                $ref: '#/$defs/factor',
                default: 2,
                description: 'How the pause grows with each retry.',
              },
              retryableStatusCodes: {
                type: 'array',
                items: { $ref: '#/$defs/statusCode' },
                default: ['UNAVAILABLE'],
                description: 'Failures that are tried again.',
              },
            },
          },
        },
      },
    },
    circuitBreaker: {
      type: 'object',
      description: 'What all calls of the upstream together may hold. What is over it fails at once with 503.',
      default: {},
      properties: {
        maxRequests: { type: 'integer', minimum: 1, default: 10000, description: 'Open calls, streams included.' },
        maxPendingRequests: {
          type: 'integer',
          minimum: 0,
          default: 1024,
          description: 'Calls that wait for a connection, over `http2`.',
        },
        pendingTimeout: {
          $ref: '#/$defs/duration',
          default: '1s',
          description: 'How long a call waits while all streams of the upstream are taken; then 503.',
        },
        maxConnections: {
          type: 'integer',
          minimum: 1,
          maximum: 100,
          default: 8,
          description: 'Connections to one address; another is opened while all streams of the others are taken.',
        },
      },
    },
    timeout: { $ref: '#/$defs/duration', description: 'Its deadline instead of `limits.timeoutDefault`.' },
    keepalive: {
      type: 'object',
      description: 'Pings that find a dead connection. Off unless set: many servers refuse frequent pings.',
      required: ['time'],
      properties: {
        time: { $ref: '#/$defs/duration', description: 'Silence after which a ping is sent.' },
        timeout: { $ref: '#/$defs/duration', default: '20s', description: 'Wait for its answer.' },
      },
    },
  },
} as const;
