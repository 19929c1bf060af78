/**
 * Pages of other sites, by CORS (https://fetch.spec.whatwg.org/#http-cors-protocol). What browsers ask beforehand is answered here and goes
 * nowhere; any other OPTIONS is a request like others, since a rule may have it.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { Generation } from '../gateway/generation.ts';
import type { Options } from '../gateway/options.ts';

type CorsOptions = NonNullable<Options['security']['cors']>;

/** What pages have to read for all protocols to work, where browsers do not let them read everything. */
const exposedHeaders = [
  'connect-content-encoding',
  'content-encoding',
  'etag',
  'grpc-encoding',
  'grpc-message',
  'grpc-status',
  'grpc-status-details-bin',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'x-request-id',
];

/** To be called before anything that may refuse a request, so that pages can read the refusal. */
export function allowOtherSites(app: FastifyInstance, gateway: Gateway, options: CorsOptions): void {
  const { credentials, maxAge } = options;
  const origins = new Set(options.origins);
  const exposed = credentials ? [...exposedHeaders, ...options.exposedHeaders].join(', ') : '*';
  const maxAgeText = String(Math.ceil(maxAge / 1000));
  app.addHook('onRequest', (request, reply, done) => {
    const { origin = '', 'access-control-request-headers': asked } = request.headers;
    const allowed = origins.has('*') ? '*' : origins.has(origin) ? origin : undefined;
    const asksBeforehand = isPreflight(request);
    reply.header('vary', asksBeforehand ? 'Origin, Access-Control-Request-Headers' : 'Origin');
    if (allowed !== undefined) {
      reply.header('access-control-allow-origin', allowed);
      if (credentials) reply.header('access-control-allow-credentials', 'true');
      if (asksBeforehand) {
        reply.header('access-control-allow-methods', methodsOf(gateway.generation));
        if (asked !== undefined) reply.header('access-control-allow-headers', asked);
        reply.header('access-control-max-age', maxAgeText);
      } else {
        reply.header('access-control-expose-headers', exposed);
      }
    }
    if (asksBeforehand) reply.code(204).send();
    else done();
  });
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && 'access-control-request-method' in headers;
}

const known = new WeakMap<Generation, string>();

/** All there are: whether a path takes one, the call itself is told. */
function methodsOf(generation: Generation): string {
  const methods = known.get(generation) ?? [...new Set([...usualMethods, ...methodsIn(generation)])].join(', ');
  known.set(generation, methods);
  return methods;
}

const usualMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

function methodsIn({ table }: Generation): readonly string[] {
  return table.bindings.map(({ httpMethod }) => httpMethod).filter((method) => method !== '*');
}
