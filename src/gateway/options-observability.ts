/** The keys under `observability:`. */
export const observabilitySchema = {
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
