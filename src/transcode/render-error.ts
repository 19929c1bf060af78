/**
 * @module A StatusError to an HTTP answer: google.rpc.Status as JSON, or the forms of AIP-193 and RFC 9457.
 */
import type { Codec } from '../codec/codec.ts';
import { codeName } from '../status/code.ts';
import type { StatusError } from '../status/status-error.ts';
import type { HttpReply, Metadata } from './exchange.ts';
import { preferredType } from './media-type.ts';
import { headersOf, trailerHeadersOf } from './metadata.ts';
import type { ErrorFormat, TranscodeOptions } from './options.ts';

/** google.rpc.Status in its JSON form. */
export interface StatusJson {
  readonly code: number;
  readonly message: string;
  readonly details: readonly unknown[];
}

export interface ErrorRenderer {
  /** The answer of a failed call. `isEnveloped`: whatever the format, as `{"error": Status}`. */
  render(error: StatusError, accept: string | undefined, isEnveloped?: boolean): HttpReply;
  /** The Status alone, for an error inside a stream. */
  statusOf(error: StatusError): StatusJson;
}

const PROBLEM_TYPE = 'application/problem+json';
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

/** Details are decoded with `codec`, which must write an Any of an unknown type as base64 rather than refuse it. */
export function createErrorRenderer(codec: Codec, options: TranscodeOptions): ErrorRenderer {
  const statusType = codec.schema.messages.get('google.rpc.Status');
  const writeStatus = statusType && codec.messageWriter(statusType);
  const statusOf = (error: StatusError): StatusJson => {
    const details = [...ownDetails(error), ...decodeDetails(error.statusDetails, writeStatus)];
    return { code: error.code, message: error.message, details };
  };
  const render: ErrorRenderer['render'] = (error, accept, isEnveloped = false) => {
    const format = isEnveloped ? 'status' : formatOf(options.errors, accept);
    const status = statusOf(error);
    const value = isEnveloped ? { error: status } : bodyOf(format, status, error);
    const body = Buffer.from(JSON.stringify(value, undefined, options.indent));
    const contentType = format === 'problem' ? PROBLEM_TYPE : 'application/json';
    const headers = [...headersFor(error, options), ...retryAfter(error, status.details)];
    return { status: error.httpStatus, headers: [['content-type', contentType], ...headers], body };
  };
  return { render, statusOf };
}

function formatOf(configured: ErrorFormat, accept: string | undefined): ErrorFormat {
  const asksForProblem = accept?.includes(PROBLEM_TYPE) ?? false;
  return asksForProblem && preferredType(accept, ['application/json', PROBLEM_TYPE]) === PROBLEM_TYPE
    ? 'problem'
    : configured;
}

function bodyOf(format: ErrorFormat, status: StatusJson, { httpStatus }: StatusError): unknown {
  const name = codeName(status.code);
  switch (format) {
    case 'status':
      return status;
    case 'google':
      return { error: { code: httpStatus, message: status.message, status: name, details: status.details } };
    case 'problem':
      return {
        type: 'about:blank',
        title: name,
        status: httpStatus,
        detail: status.message,
        code: status.code,
        details: status.details,
      };
  }
}

function ownDetails({ violations }: StatusError): readonly unknown[] {
  if (violations.length === 0) return [];
  return [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations }];
}

function decodeDetails(
  bytes: Uint8Array | undefined,
  writeStatus: ((wire: Uint8Array) => Uint8Array) | undefined,
): readonly unknown[] {
  if (bytes === undefined || writeStatus === undefined) return [];
  try {
    return JSON.parse(Buffer.from(writeStatus(bytes)).toString()).details ?? [];
  } catch {
    // Details that cannot be read must not hide the error they come with.
    return [];
  }
}

function headersFor({ headers, metadata, trailers }: StatusError, options: TranscodeOptions): Metadata {
  return [...headers, ...headersOf(metadata, options.metadata), ...trailerHeadersOf(trailers, options.metadata)];
}

/** When an upstream says to come again: `Retry-After` (RFC 9110, 10.2.3; RFC 6585, 4) from google.rpc.RetryInfo, in whole seconds. */
function retryAfter({ httpStatus, headers }: StatusError, details: readonly unknown[]): Metadata {
  if ((httpStatus !== 503 && httpStatus !== 429) || headers.some(([name]) => name === 'retry-after')) return [];
  for (const detail of details) {
    const { '@type': type, retryDelay } = detail as { readonly '@type'?: string; readonly retryDelay?: string };
    const seconds = type === RETRY_INFO ? Number.parseFloat(retryDelay ?? '') : Number.NaN;
    if (seconds >= 0) return [['retry-after', String(Math.ceil(seconds))]];
  }
  return [];
}
