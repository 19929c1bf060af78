/** The id by which a request is known to its client, to the log and to the upstream: `X-Request-Id`. */
import { StatusError } from '../status/status-error.ts';
import { type HttpRequest, headerText } from '../transcode/exchange.ts';
import { writeStatus } from '../transcode/rpc/status-details.ts';
import { lengthDelimited } from '../wire/fragment.ts';
import type { RpcHooks } from './hooks.ts';

export const requestIdHeader = 'x-request-id';

/** The id that a request brings; undefined for none, and for one that no log should have to bear. */
export function requestIdOf(headers: HttpRequest['headers']): string | undefined {
  const id = headerText(headers[requestIdHeader]);
  return id !== undefined && /^[\w.:/+=@-]{1,128}$/.test(id) ? id : undefined;
}

/** To run after all others: whatever the error is at last, when it is not the client's its answer has the id as google.rpc.RequestInfo. */
export const requestInfoHooks: RpcHooks = {
  onError: ({ request }, error) => withRequestInfo(error, request.headers),
};

/** The error with the request's id among its details, when it is answered as 5xx. */
export function withRequestInfo(error: StatusError, headers: HttpRequest['headers']): StatusError {
  const id = requestIdOf(headers);
  if (id === undefined || error.httpStatus < 500) return error;
  const value = lengthDelimited(1, Buffer.from(id));
  const added = writeStatus(error.code, error.message, [{ type: 'google.rpc.RequestInfo', value }]);
  // A message behind another merges with it: its details come after the upstream's.
  const statusDetails = Buffer.concat([error.statusDetails ?? new Uint8Array(), added]);
  return new StatusError(error.code, error.message, { ...error, cause: error.cause, statusDetails });
}
