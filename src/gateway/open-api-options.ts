/** What the OpenAPI document must know of the configuration to say what the gateway really does. */
import type { OpenApiOptions } from '../openapi/options.ts';
import type { Options } from './options.ts';

/** The options of every document of a gateway. */
export function openApiOptionsOf({ docs, transcoding }: Options): OpenApiOptions {
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
  };
}
