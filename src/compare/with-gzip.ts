import type { PreparedCall } from './prepared-call.ts';

const acceptHeaders = { rest: 'accept-encoding', 'grpc-web': 'grpc-accept-encoding' } as const;

/** The call by a client that takes its answer compressed. Native gRPC is as it is: what its upstream compresses is passed on. */
export function withGzip<Call extends PreparedCall>(call: Call): Call {
  if (!('origin' in call)) return call;
  const isStream = call.headers.some(([, value]) => value === 'application/connect+proto');
  const name =
    call.protocol === 'connect'
      ? isStream
        ? 'connect-accept-encoding'
        : 'accept-encoding'
      : acceptHeaders[call.protocol];
  return { ...call, headers: [...call.headers, [name, 'gzip']] };
}
