/**
 * The details of an error as the bytes of google.rpc.Status, which gRPC and gRPC-Web send, and taken apart for Connect.
 */
import type { GrpcCode } from '../../status/code.ts';
import type { StatusError } from '../../status/status-error.ts';
import { lengthDelimited, lengthDelimitedFields, WireFormatError } from '../../wire/fragment.ts';

/** A google.protobuf.Any. */
export interface Detail {
  /** `google.rpc.BadRequest` */
  readonly type: string;
  readonly value: Uint8Array;
}

const VARINT_CODE = 1 << 3;
const nothing = new Uint8Array();

/** The serialized google.rpc.Status of an error; undefined when it has no details. */
export function statusBytesOf({ statusDetails, violations, code, message }: StatusError): Uint8Array | undefined {
  if (statusDetails !== undefined || violations.length === 0) return statusDetails;
  const fields = violations.map(({ field, description }) =>
    lengthDelimited(1, lengthDelimited(1, Buffer.from(field)), lengthDelimited(2, Buffer.from(description))),
  );
  return writeStatus(code, message, [{ type: 'google.rpc.BadRequest', value: Buffer.concat(fields) }]);
}

/** A serialized google.rpc.Status, as `StatusErrorOptions.statusDetails` wants it. */
export function writeStatus(code: GrpcCode, message: string, details: readonly Detail[]): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(VARINT_CODE, code),
    lengthDelimited(2, Buffer.from(message)),
    ...details.map(({ type, value }) =>
      lengthDelimited(3, lengthDelimited(1, Buffer.from(`type.googleapis.com/${type}`)), lengthDelimited(2, value)),
    ),
  ]);
}

/** The details of an error, one by one. Those of an upstream that cannot be read must not hide the error they come with: there are none then. */
export function detailsOf(error: StatusError): readonly Detail[] {
  const status = statusBytesOf(error);
  if (status === undefined) return [];
  try {
    return lengthDelimitedFields(status).flatMap(([number, any]) => (number === 3 ? [detailOf(any)] : []));
  } catch (cause) {
    if (cause instanceof WireFormatError) return [];
    throw cause;
  }
}

function detailOf(any: Uint8Array): Detail {
  const fields = new Map(lengthDelimitedFields(any));
  const typeUrl = Buffer.from(fields.get(1) ?? nothing).toString();
  return { type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1), value: fields.get(2) ?? nothing };
}

/** Base64 as both protocols ask for it: without padding. */
export function unpaddedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
