/**
 * Request metadata on its way to any transport: what must never get there, and repeats joined.
 */
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import type { RetryHint } from './calls.ts';

// HTTP/2 forbids the connection's own headers. One of them in one call has cost every call of the connection, and
// retries of it without end (Node's client throws; grpc-js takes that for a reason to try again).
const transportNames: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);
const none: ReadonlyMap<string, string> = new Map();
const legalName = /^[0-9a-z_.-]+$/;
const legalValue = /^[ -~]*$/;

/**
 * The metadata with each name once: the values of a repeated name are joined by commas, because two of a header that
 * HTTP allows once end the connection. Names that belong to the transport, or are none, are a bug of the caller:
 * throws INTERNAL. `previousAttempts` is what gRPC has a retry tell (gRFC A6).
 */
export function joinedMetadata(metadata: Metadata, previousAttempts = 0): ReadonlyMap<string, string> {
  if (metadata.length === 0 && previousAttempts === 0) return none;
  const joined = new Map<string, string>();
  if (previousAttempts > 0) joined.set('grpc-previous-rpc-attempts', String(previousAttempts));
  for (const [name, value] of metadata) {
    if (!legalName.test(name) || !legalValue.test(value) || transportNames.has(name) || name.startsWith('grpc-')) {
      throw StatusError.internal(new Error(`metadata ${JSON.stringify(name)} cannot be sent upstream`));
    }
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return joined;
}

/**
 * What the upstream's `grpc-retry-pushback-ms` says: the pause before the next attempt, or that there must be none (gRFC A6:
 * a value that is negative or no number).
 */
export function pushbackOf(value: string): RetryHint {
  return /^\d{1,9}$/.test(value) ? Number(value) : 'never';
}
