/**
 * Errors as Connect writes them (https://connectrpc.com/docs/protocol, "Error-Response").
 */
import { codeName } from '../../status/code.ts';
import type { StatusError } from '../../status/status-error.ts';
import { detailsOf, unpaddedBase64 } from './status-details.ts';

/** An error in Connect's JSON. */
export interface ConnectError {
  readonly code: string;
  readonly message: string;
  readonly details: readonly { readonly type: string; readonly value: string }[];
}

/** The JSON of an error: codes in lower case, details with their bytes as base64 without padding. */
export function connectErrorOf(error: StatusError): ConnectError {
  const name = codeName(error.code).toLowerCase();
  return {
    // Connect spells this one as Go does.
    code: name === 'cancelled' ? 'canceled' : name,
    message: error.message,
    details: detailsOf(error).map(({ type, value }) => ({
      type,
      value: unpaddedBase64(value),
    })),
  };
}
