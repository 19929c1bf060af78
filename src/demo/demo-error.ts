/**
 * How the example's methods fail: a gRPC code and details in proto3 JSON, as servers built on google.rpc do it.
 */
import { GrpcCode } from '../status/code.ts';

/** A detail message in the JSON of google.protobuf.Any. */
export type ErrorDetail = Readonly<Record<string, unknown>> & { readonly '@type': string };

export class DemoError extends Error {
  readonly code: GrpcCode;
  readonly details: readonly ErrorDetail[];

  constructor(code: GrpcCode, message: string, detail?: ErrorDetail) {
    super(message);
    this.name = 'DemoError';
    this.code = code;
    this.details = detail === undefined ? [] : [detail];
  }
}

export function notFound(resourceType: string, name: string): DemoError {
  const detail = { '@type': typeUrl('ResourceInfo'), resourceType, resourceName: name };
  return new DemoError(GrpcCode.NOT_FOUND, `${resourceType} "${name}" does not exist`, detail);
}

export function alreadyExists(resourceType: string, name: string): DemoError {
  const detail = { '@type': typeUrl('ResourceInfo'), resourceType, resourceName: name };
  return new DemoError(GrpcCode.ALREADY_EXISTS, `${resourceType} "${name}" exists already`, detail);
}

export function invalid(field: string, description: string): DemoError {
  const detail = { '@type': typeUrl('BadRequest'), fieldViolations: [{ field, description }] };
  return new DemoError(GrpcCode.INVALID_ARGUMENT, `${field}: ${description}`, detail);
}

export function preconditionFailed(type: string, subject: string, description: string): DemoError {
  const detail = { '@type': typeUrl('PreconditionFailure'), violations: [{ type, subject, description }] };
  return new DemoError(GrpcCode.FAILED_PRECONDITION, description, detail);
}

function typeUrl(name: string): string {
  return `type.googleapis.com/google.rpc.${name}`;
}
