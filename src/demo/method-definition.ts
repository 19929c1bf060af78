import type { MethodDefinition } from '@grpc/grpc-js';
import type { MethodDescriptor } from '../schema/descriptors.ts';

const fromWire = (bytes: Buffer): Uint8Array => bytes;
const toWire = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** A method as grpc-js registers it, its messages left as bytes. */
export function methodDefinition({
  path,
  isClientStreaming,
  isServerStreaming,
}: Pick<MethodDescriptor, 'path' | 'isClientStreaming' | 'isServerStreaming'>): MethodDefinition<
  Uint8Array,
  Uint8Array
> {
  return {
    path,
    requestStream: isClientStreaming,
    responseStream: isServerStreaming,
    requestSerialize: toWire,
    requestDeserialize: fromWire,
    responseSerialize: toWire,
    responseDeserialize: fromWire,
  };
}
