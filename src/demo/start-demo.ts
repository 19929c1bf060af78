/**
 * @module The embedded example: a real grpc-js server in this process, with the Greeter and the Library of `protos/`. It
 * is what `--demo` serves and an honest upstream for tests; nothing of the gateway knows it.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { createCodec } from '../codec/create-codec.ts';
import { loadSchema } from '../schema/load-schema.ts';
import { demoHandler } from './demo-handler.ts';
import { greeter } from './greeter.ts';
import { createLibrary } from './library.ts';
import type { DemoService } from './method.ts';
import { methodDefinition } from './method-definition.ts';
import { reflectionService } from './reflection-service.ts';

export interface Demo {
  /** `127.0.0.1:PORT` */
  readonly target: string;
  /** Ends it at once; calls in flight fail. */
  close(): Promise<void>;
}

/** The folder of the example protos, inside the package. */
export function demoProtos(): string {
  return join(dirname(createRequire(import.meta.url).resolve('tandem/package.json')), 'protos');
}

/** Starts the example on a port of 127.0.0.1, a free one unless it is given. */
export async function startDemo(wantedPort = 0): Promise<Demo> {
  const { schema } = await loadSchema({ protos: [demoProtos()] });
  const codec = createCodec(schema);
  const services = new Map<string, DemoService>([
    ['example.Greeter', greeter],
    ['example.library.v1.Library', createLibrary()],
  ]);
  const server = new Server();
  for (const [name, demoService] of services) {
    const methods = schema.services.get(name)?.methods ?? [];
    const implementation: UntypedServiceImplementation = {};
    for (const method of methods) {
      const demoMethod = demoService[method.name];
      if (demoMethod !== undefined) implementation[method.name] = demoHandler(demoMethod, method, codec);
    }
    server.addService(
      Object.fromEntries(methods.map((method) => [method.name, methodDefinition(method)])),
      implementation,
    );
  }
  const reflection = reflectionService(schema, [...services.keys()]);
  server.addService(reflection.definition, reflection.implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${wantedPort}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    target: `127.0.0.1:${port}`,
    async close() {
      server.forceShutdown();
    },
  };
}
