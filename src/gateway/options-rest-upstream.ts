/** A server that is REST only, called by the rules of its methods. */
export const restUpstreamSchema = {
  type: 'object',
  required: ['url'],
  properties: {
    url: { $ref: '#/$defs/httpUrl', description: 'Where it is; the rules’ paths stand behind its path.' },
    services: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Full names of the services it has; none means every service no other upstream has.',
    },
    headers: {
      type: 'array',
      items: { $ref: '#/$defs/headerLine' },
      default: [],
      description: 'Sent with each request whatever the client sends: `authorization: Bearer TOKEN`.',
    },
    ca: { $ref: '#/$defs/path', description: 'Certificate authorities to trust instead of the system’s, PEM.' },
    timeout: { $ref: '#/$defs/duration', description: 'Its deadline instead of `limits.timeoutDefault`.' },
  },
} as const;
