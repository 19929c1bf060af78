/**
 * Server reflection of the embedded example: its own descriptors, with the HTTP rules in their options.
 */
import type { ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { FileDescriptor, Schema } from '../schema/descriptors.ts';
import { type ReflectionReply, readRequest, writeReply } from '../upstream/reflection-messages.ts';
import { methodDefinition } from './method-definition.ts';

/** Both versions of the service, as grpc-js takes them, over all files of the schema. */
export function reflectionService(
  schema: Schema,
  services: readonly string[],
): { readonly definition: ServiceDefinition; readonly implementation: UntypedServiceImplementation } {
  const answer = (call: ServerDuplexStream<Uint8Array, Uint8Array>): void => {
    call.on('data', (request: Uint8Array) => call.write(writeReply(request, replyTo(request, schema, services))));
    call.on('end', () => call.end());
  };
  const versions = ['v1', 'v1alpha'];
  return {
    definition: Object.fromEntries(
      versions.map((version) => {
        const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
        return [version, methodDefinition({ path, isClientStreaming: true, isServerStreaming: true })];
      }),
    ),
    implementation: Object.fromEntries(versions.map((version) => [version, answer])),
  };
}

function replyTo(bytes: Uint8Array, schema: Schema, services: readonly string[]): ReflectionReply {
  const request = readRequest(bytes);
  if (request?.kind === 'listServices') return { files: [], services, error: undefined };
  const name = request?.name ?? '';
  const file = request?.kind === 'fileByName' ? schema.files.get(name) : fileOfSymbol(schema, name);
  if (file === undefined) return { files: [], services: [], error: `${name} is not known` };
  return { files: [file.toBytes()], services: [], error: undefined };
}

function fileOfSymbol(
  { services, methods, messages, enums, extensions }: Schema,
  name: string,
): FileDescriptor | undefined {
  for (const symbols of [services, methods, messages, enums, extensions]) {
    const symbol = symbols.get(name);
    if (symbol !== undefined) return symbol.file;
  }
  return undefined;
}
