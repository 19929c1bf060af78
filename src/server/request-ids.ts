/** Gives each request of an app its id, in the header where everything behind looks for it, and tells the client. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { requestIdHeader, requestIdOf } from '../gateway/request-id.ts';

export function addRequestIds(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { headers } = request.raw;
    const id = requestIdOf(headers) ?? randomUUID();
    headers[requestIdHeader] = id;
    reply.header(requestIdHeader, id);
    done();
  });
}
