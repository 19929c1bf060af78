/** The keys under `docs:`. */
export const docsSchema = {
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
