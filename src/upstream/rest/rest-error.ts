/** The error that a REST server's answer stands for. */
import type { Codec } from '../../codec/codec.ts';
import { CodecError } from '../../codec/codec-error.ts';
import { codeOfHttpStatus, GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';

const MAX_TEXT = 200;

/**
 * google.rpc.Status as the body, `{"error": Status}`, AIP-193's `{"error": {"code": 404, "status": "NOT_FOUND"}}` or RFC 9457's problem. Of anything else the
 * HTTP status says the code.
 */
export function errorOfAnswer(httpStatus: number, body: Uint8Array, metadata: Metadata, codec: Codec): StatusError {
  const status = statusIn(body);
  if (status === undefined) {
    const text = Buffer.from(body).toString().replace(/\s+/g, ' ').trim().slice(0, MAX_TEXT);
    const message = `the upstream answered ${httpStatus}${text === '' ? '' : `: ${text}`}`;
    return new StatusError(codeOfHttpStatus(httpStatus), message, { metadata });
  }
  return errorOfStatus(status, codeOfHttpStatus(httpStatus), codec, metadata);
}

/** The Status that a framing of a stream ends with. */
export function errorOfStatus(
  status: Readonly<Record<string, unknown>>,
  fallback: GrpcCode,
  codec: Codec,
  metadata: Metadata = [],
): StatusError {
  const code = codeIn(status) ?? fallback;
  const message = String(status['message'] ?? status['detail'] ?? status['title'] ?? '');
  const statusDetails = detailsOf(code, message, status['details'], codec);
  return new StatusError(code, message, { metadata, ...(statusDetails && { statusDetails }) });
}

function statusIn(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(Buffer.from(body).toString());
    const status = value?.error ?? value;
    const isStatus =
      typeof status === 'object' && status !== null && ['message', 'detail', 'code'].some((key) => key in status);
    return isStatus ? status : undefined;
  } catch {
    return undefined;
  }
}

/** AIP-193 has HTTP's status as code, and gRPC's by its name. */
function codeIn({ code, status }: Readonly<Record<string, unknown>>): GrpcCode | undefined {
  if (typeof status === 'string' && Object.hasOwn(GrpcCode, status)) return GrpcCode[status as keyof typeof GrpcCode];
  const isCode = typeof code === 'number' && code > 0 && code <= GrpcCode.UNAUTHENTICATED;
  return isCode ? (code as GrpcCode) : undefined;
}

/** Details of types that the schema has not are left out, as there is no telling what they are. */
function detailsOf(code: number, message: string, details: unknown, codec: Codec): Uint8Array | undefined {
  const type = codec.schema.messages.get('google.rpc.Status');
  if (type === undefined || !Array.isArray(details) || details.length === 0) return undefined;
  try {
    return codec.messageReader(type)(Buffer.from(JSON.stringify({ code, message, details })));
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
