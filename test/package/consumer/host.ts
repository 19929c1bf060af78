// Compiled only: the types as a strict consumer meets them.
import Fastify, { type FastifyInstance } from 'fastify';
import { createCodec, createGateway, type Gateway, StatusError, type TandemOptions } from 'tandem';
import tandem, { type RequestRpc } from 'tandem/fastify';

const options: TandemOptions = {
  protos: ['protos'],
  upstreams: ['127.0.0.1:50051', { target: 'https://localhost:50052', services: ['example.Greeter'] }],
  transcoding: { unknownQuery: 'ignore', json: { emitDefaults: true } },
};
// @ts-expect-error: a value that no option has
const wrong: TandemOptions = { upstreams: [], transcoding: { unknownQuery: 'perhaps' } };

export const gateway: Promise<Gateway> = createGateway(options);
export const wire: Uint8Array = createCodec(new Uint8Array()).jsonToWire('example.HelloRequest', '{}', {
  ignoreUnknown: true,
});
export const code = (error: unknown): number | undefined => (error instanceof StatusError ? error.code : undefined);

export async function host(): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(tandem, options);
  await app.register(tandem, { ...options, prefix: '/api' });
  app.addHook('onRequest', async (request) => {
    const rpc: RequestRpc | undefined = request.rpc;
    request.log.info({ service: rpc?.service, method: rpc?.method, wrong });
  });
  return app;
}
