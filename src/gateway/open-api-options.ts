/** What the OpenAPI document must know of the configuration to say what the gateway really does. */
import type { SecurityScheme } from '../openapi/document.ts';
import type { DocumentedAccess, OpenApiOptions } from '../openapi/options.ts';
import type { Scheme } from '../security/identity.ts';
import type { Security } from '../security/security.ts';
import type { Options } from './options.ts';

/** The options of every document of a gateway. */
export function openApiOptionsOf(options: Options, security: Security | undefined): OpenApiOptions {
  const { docs, transcoding } = options;
  const { json, queryMaps, collision, errors, streamEnvelope } = transcoding;
  const { title, version, description, servers, pathStyle, visibility, oauth2 } = docs;
  return {
    ...(title !== undefined && { title }),
    ...(version !== undefined && { version }),
    ...(description !== undefined && { description }),
    ...(servers.length > 0 && { servers: servers.map((url) => ({ url })) }),
    pathStyle,
    json,
    queryMaps,
    collision,
    errors,
    streamEnvelope,
    visibility,
    oauth2,
    access: security && documentedAccess(options, security),
  };
}

/** The names of schemes are those of the configuration; an API key may stand in several places. */
function documentedAccess({ security: { apiKeys } }: Options, security: Security): DocumentedAccess {
  const places = (['header', 'query', 'cookie'] as const).flatMap((place) => {
    const name = apiKeys?.[place];
    return name === undefined ? [] : [[`apiKey-${place}`, { type: 'apiKey', in: place, name }] as const];
  });
  const known: Readonly<Record<Scheme, readonly (readonly [string, SecurityScheme])[]>> = {
    jwt: [['jwt', { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }]],
    basic: [['basic', { type: 'http', scheme: 'basic' }]],
    apiKey: places,
    mtls: [['mtls', { type: 'mutualTLS' }]],
  };
  return {
    schemes: Object.fromEntries(security.schemes.flatMap((scheme) => known[scheme])),
    requirementsOf: (method) => {
      const { isOpen, schemes } = security.wantsOf(method);
      const wanted = schemes.flatMap((scheme) => known[scheme]).map(([name]) => ({ [name]: [] }));
      return isOpen === false ? wanted : [...wanted, {}];
    },
  };
}
