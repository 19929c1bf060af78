/**
 * @module How long a call may take: the client's `grpc-timeout` or `X-Server-Timeout`, a default and a cap. No call is
 * without a timeout.
 */
import { StatusError } from '../status/status-error.ts';
import type { HttpRequest } from './exchange.ts';

const millisecondsOf: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * The timeout of a call in milliseconds, `defaultMs` when the client asks for none. `grpc-timeout` is at most eight digits and a unit
 * (gRPC over HTTP/2, "Timeout"), `x-server-timeout` decimal seconds; the former wins, and both are cut to `maxMs`. Throws
 * INVALID_ARGUMENT for a value of another form.
 */
export function timeoutOf(headers: HttpRequest['headers'], defaultMs: number, maxMs: number): number {
  const grpc = headers['grpc-timeout'];
  const server = headers['x-server-timeout'];
  if (grpc !== undefined) return Math.min(parseGrpcTimeout(String(grpc)), maxMs);
  if (server !== undefined) return Math.min(parseServerTimeout(String(server)), maxMs);
  return defaultMs;
}

/** The same of a Connect client, whose `connect-timeout-ms` is at most ten digits. */
export function connectTimeoutOf(headers: HttpRequest['headers'], defaultMs: number, maxMs: number): number {
  const text = headers['connect-timeout-ms'];
  if (text === undefined) return defaultMs;
  if (!/^\d{1,10}$/.test(String(text))) {
    throw StatusError.invalidField('connect-timeout-ms', `"${text}" is not a timeout; write one to ten digits`);
  }
  return Math.min(Number(text), maxMs);
}

function parseGrpcTimeout(text: string): number {
  const unit = Object.hasOwn(millisecondsOf, text.at(-1) ?? '') ? millisecondsOf[text.at(-1) ?? ''] : undefined;
  if (unit === undefined || !/^\d{1,8}$/.test(text.slice(0, -1))) {
    throw StatusError.invalidField(
      'grpc-timeout',
      `"${text}" is not a timeout; write one to eight digits and a unit of H, M, S, m, u or n, such as 500m`,
    );
  }
  return Number(text.slice(0, -1)) * unit;
}

function parseServerTimeout(text: string): number {
  if (!/^(\d{1,9}(\.\d{0,9})?|\.\d{1,9})$/.test(text)) {
    throw StatusError.invalidField('x-server-timeout', `"${text}" is not a number of seconds, such as 1.5`);
  }
  return Number(text) * 1000;
}
