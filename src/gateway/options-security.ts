/** The keys under `security:`. Nothing is asked of callers until one of `basic`, `apiKeys`, `jwt` and `mtls` is there. */

export const securitySchema = {
  type: 'object',
  description: 'Who may call, see [security.md](security.md). Without it everybody may.',
  default: {},
  properties: {
    realm: { type: 'string', default: 'tandem', description: 'What a 401 says the credentials are for.' },
    basic: {
      type: 'object',
      description: 'HTTP Basic. Ten wrong passwords a minute from one address, then 429.',
      required: ['users'],
      properties: {
        users: {
          type: 'array',
          description: 'Who there is.',
          items: {
            type: 'object',
            required: ['name', 'password'],
            properties: {
              name: { type: 'string', description: 'Name of the user.' },
              password: {
                $ref: '#/$defs/passwordHash',
                description: 'Its hash, as `tandem keys --user NAME` prints it.',
              },
              roles: { type: 'array', items: { type: 'string' }, default: [], description: 'Its roles.' },
              scopes: { type: 'array', items: { type: 'string' }, default: [], description: 'Its scopes.' },
            },
          },
        },
      },
    },
    apiKeys: {
      type: 'object',
      description: 'API keys, taken from each place that is named here.',
      required: ['keys'],
      properties: {
        header: { $ref: '#/$defs/headerName', description: 'Header that holds the key: `x-api-key`.' },
        query: { type: 'string', description: 'Query parameter that holds the key: `key`. It is never a field then.' },
        cookie: { type: 'string', description: 'Cookie that holds the key.' },
        keys: {
          type: 'array',
          description: 'The keys there are.',
          items: {
            type: 'object',
            required: ['name', 'digest'],
            properties: {
              name: { type: 'string', description: 'Whose key it is: the subject of the call.' },
              digest: { $ref: '#/$defs/keyDigest', description: 'Its digest, as `tandem keys` prints it.' },
              roles: { type: 'array', items: { type: 'string' }, default: [], description: 'Its roles.' },
              scopes: { type: 'array', items: { type: 'string' }, default: [], description: 'Its scopes.' },
            },
          },
        },
      },
    },
    jwt: {
      type: 'array',
      default: [],
      description: 'Issuers of JSON Web Tokens, sent as `Authorization: Bearer`.',
      items: {
        type: 'object',
        required: ['issuer', 'audience', 'algorithms'],
        properties: {
          issuer: { type: 'string', description: 'The claim `iss`, exactly.' },
          audience: { type: 'array', items: { type: 'string' }, description: 'The claim `aud` holds one of these.' },
          algorithms: {
            type: 'array',
            items: {
              enum: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
            },
            description: 'How tokens may be signed.',
          },
          jwksUrl: { $ref: '#/$defs/jwksUrl', description: 'Where its keys are fetched from.' },
          jwksFile: { $ref: '#/$defs/path', description: 'Its keys in a file, instead.' },
          claims: {
            type: 'object',
            default: {},
            description: 'Where tokens say who it is: the name of a claim, or names joined by dots.',
            properties: {
              subject: { type: 'string', default: 'sub', description: 'A text.' },
              roles: { type: 'string', default: 'roles', description: 'A list, or one text.' },
              scopes: {
                type: 'string',
                default: 'scope',
                description: 'A text of names with spaces between, or a list.',
              },
            },
          },
        },
      },
    },
    mtls: {
      type: 'object',
      description: 'Client certificates that TLS has verified, see `listen.tls.clientCa`.',
      required: ['identities'],
      properties: {
        identities: {
          type: 'array',
          description: 'Whose certificates are known.',
          items: {
            type: 'object',
            required: ['san'],
            properties: {
              san: { $ref: '#/$defs/san', description: 'Subject alternative name: `DNS:a.example`, `URI:spiffe://…`.' },
              name: { type: 'string', description: 'What the subject is called, instead of the whole `san`.' },
              roles: { type: 'array', items: { type: 'string' }, default: [], description: 'Its roles.' },
              scopes: { type: 'array', items: { type: 'string' }, default: [], description: 'Its scopes.' },
            },
          },
        },
      },
    },
    access: {
      type: 'array',
      default: [],
      description:
        'Who may call what; the rules that name a method most closely decide. Once there is a rule, a method that none names is refused.',
      items: {
        type: 'object',
        required: ['methods'],
        properties: {
          methods: {
            type: 'array',
            items: { type: 'string' },
            description:
              '`package.Service/Method`, `package.Service/*`, `package.*`, `*`, or a route such as `GET /v1/books`.',
          },
          roles: { type: 'array', items: { type: 'string' }, default: [], description: 'One of these roles.' },
          scopes: { type: 'array', items: { type: 'string' }, default: [], description: 'One of these scopes.' },
          subjects: {
            type: 'array',
            items: { type: 'string' },
            default: [],
            description: 'One of these users, keys, subjects of tokens or certificates.',
          },
          schemes: {
            type: 'array',
            items: { enum: ['jwt', 'basic', 'apiKey', 'mtls'] },
            default: [],
            description: 'Credentials of one of these kinds; others are not looked at.',
          },
          anonymous: { type: 'boolean', default: false, description: 'Anybody, without credentials.' },
        },
      },
    },
    oauthScopes: {
      type: 'boolean',
      default: false,
      description: 'Want one of the scopes that `google.api.oauth_scopes` names for a service.',
    },
    visibility: {
      type: 'boolean',
      default: false,
      description:
        'Want a role with the name of one of the labels of `google.api.method_visibility` or `api_visibility`.',
    },
    pages: {
      type: 'object',
      default: {},
      description:
        'Who may read the gateway’s own description of the API: Swagger UI and the OpenAPI document; and its metrics.',
      properties: {
        roles: { type: 'array', items: { type: 'string' }, default: [], description: 'One of these roles.' },
        scopes: { type: 'array', items: { type: 'string' }, default: [], description: 'One of these scopes.' },
        subjects: {
          type: 'array',
          items: { type: 'string' },
          default: [],
          description: 'One of these users, keys, subjects of tokens or certificates.',
        },
        schemes: {
          type: 'array',
          items: { enum: ['jwt', 'basic', 'apiKey', 'mtls'] },
          default: [],
          description: 'Credentials of one of these kinds; others are not looked at.',
        },
        anonymous: { type: 'boolean', default: true, description: 'Anybody, without credentials.' },
      },
    },
    cors: {
      type: 'object',
      description:
        'Pages of other sites that may call, by CORS; see [security.md](security.md#pages-of-other-sites). For `tandem serve`; an app with the plugin has its own. A change needs a restart.',
      required: ['origins'],
      properties: {
        origins: {
          type: 'array',
          items: { $ref: '#/$defs/origin' },
          description: 'Their sites: `https://app.example.com`; or `*` for all.',
        },
        credentials: {
          type: 'boolean',
          default: false,
          description: 'Whether browsers may send cookies, passwords and certificates along. Not for `*`.',
        },
        exposedHeaders: {
          type: 'array',
          items: { $ref: '#/$defs/headerName' },
          default: [],
          description: 'Headers of answers that pages may read with `credentials`; without, they may read all.',
        },
        maxAge: {
          $ref: '#/$defs/duration',
          default: '10m',
          description: 'How long browsers may remember what they are allowed.',
        },
      },
    },
    identity: {
      type: 'object',
      default: {},
      description: 'Metadata that tell the upstream who calls. What clients send under these names is dropped.',
      properties: {
        subject: { $ref: '#/$defs/identityHeader', default: 'x-tandem-subject', description: 'Who.' },
        roles: { $ref: '#/$defs/identityHeader', default: 'x-tandem-roles', description: 'Roles, commas between.' },
        scopes: { $ref: '#/$defs/identityHeader', default: 'x-tandem-scopes', description: 'Scopes, commas between.' },
        scheme: {
          $ref: '#/$defs/identityHeader',
          default: 'x-tandem-auth-method',
          description: 'How it was proved: `jwt`, `basic`, `apiKey` or `mtls`.',
        },
      },
    },
    forwardCredentials: {
      type: 'boolean',
      default: false,
      description: 'Send credentials that the gateway takes on to the upstream as well.',
    },
  },
} as const;
