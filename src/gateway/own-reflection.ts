/**
 * Server reflection over what the gateway serves, so that a client can ask it whatever its upstreams can be asked.
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
import type { FileDescriptor, Schema } from '../schema/descriptors.ts';
import { GrpcCode } from '../status/code.ts';

/** A ServerReflectionRequest as JSON. */
export interface ReflectionRequest {
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
  readonly fileContainingExtension?: { readonly containingType?: string; readonly extensionNumber?: number };
  readonly allExtensionNumbersOfType?: string;
  readonly listServices?: string;
}

/** A ServerReflectionResponse as JSON. The schemas are asked in turn; `services` are the names that are listed. */
export function reflectionReply(
  request: ReflectionRequest,
  schemas: readonly Schema[],
  services: readonly string[],
): Readonly<Record<string, unknown>> {
  return { originalRequest: request, ...answer(request, schemas, services) };
}

function answer(
  request: ReflectionRequest,
  schemas: readonly Schema[],
  services: readonly string[],
): Readonly<Record<string, unknown>> {
  const { fileByFilename, fileContainingSymbol, fileContainingExtension, allExtensionNumbersOfType } = request;
  if (request.listServices !== undefined) {
    return { listServicesResponse: { service: services.map((name) => ({ name })) } };
  }
  if (fileByFilename !== undefined) {
    return fileReply(
      first(schemas, ({ files }) => files.get(fileByFilename)),
      fileByFilename,
    );
  }
  if (fileContainingSymbol !== undefined) {
    return fileReply(
      first(schemas, (schema) => fileOfSymbol(schema, fileContainingSymbol)),
      fileContainingSymbol,
    );
  }
  if (fileContainingExtension !== undefined) {
    const { containingType = '', extensionNumber = 0 } = fileContainingExtension;
    const file = first(schemas, (schema) => extensionsOf(schema, containingType)?.get(extensionNumber)?.file);
    return fileReply(file, `extension ${extensionNumber} of ${containingType}`);
  }
  const type = allExtensionNumbersOfType ?? '';
  const extensions = first(schemas, (schema) => extensionsOf(schema, type));
  if (extensions === undefined) return refusal(`${type} is not known`);
  return { allExtensionNumbersResponse: { baseTypeName: type, extensionNumber: [...extensions.keys()] } };
}

function first<T>(schemas: readonly Schema[], find: (schema: Schema) => T | undefined): T | undefined {
  for (const schema of schemas) {
    const found = find(schema);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fileReply(file: FileDescriptor | undefined, what: string): Readonly<Record<string, unknown>> {
  if (file === undefined) return refusal(`${what} is not known`);
  return { fileDescriptorResponse: { fileDescriptorProto: [Buffer.from(file.toBytes()).toString('base64')] } };
}

function refusal(errorMessage: string): Readonly<Record<string, unknown>> {
  return { errorResponse: { errorCode: GrpcCode.NOT_FOUND, errorMessage } };
}

function extensionsOf(schema: Schema, type: string): ReturnType<Schema['extensionsOf']> | undefined {
  const message = schema.messages.get(type);
  return message && schema.extensionsOf(message);
}

/** The file that declares a service, method, type or extension, or the type of a field, oneof or enum value. */
function fileOfSymbol(schema: Schema, name: string): FileDescriptor | undefined {
  const { services, methods, messages, enums, extensions } = schema;
  for (const symbols of [services, methods, messages, enums, extensions]) {
    const symbol = symbols.get(name);
    if (symbol !== undefined) return symbol.file;
  }
  const parent = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  return (messages.get(parent) ?? enums.get(parent))?.file;
}
