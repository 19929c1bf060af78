/** An RPC in the words of OpenTelemetry's semantic conventions 1.45, for spans and measures alike. */
import type { Attributes } from '@opentelemetry/api';
import { GrpcCode } from '../../status/code.ts';
import type { StatusError } from '../../status/status-error.ts';
import type { Rpc, RpcOutcome, RpcProtocol } from '../hooks.ts';

/** `rpc.system.name`; a call by REST or WebSocket is one of HTTP. */
const systems: Readonly<Record<RpcProtocol, string | undefined>> = {
  rest: undefined,
  websocket: undefined,
  grpc: 'grpc',
  'grpc-web': 'grpc',
  connect: 'connectrpc',
};

/** `rpc.system.name` of a protocol; undefined of those that are HTTP. */
export function systemOf(protocol: RpcProtocol): string | undefined {
  return systems[protocol];
}

/** `example.Greeter/SayHello` */
export function methodNameOf({ method }: Rpc): string {
  return method.path.slice(1);
}

/** What is known of the client's call when it begins. */
export function serverAttributes(rpc: Rpc): Attributes {
  const { protocol, request, binding, client } = rpc;
  const system = systems[protocol];
  const how: Attributes =
    system === undefined
      ? { 'http.request.method': request.method, 'http.route': binding?.path, 'url.scheme': client?.scheme }
      : { 'rpc.system.name': system };
  return { 'rpc.method': methodNameOf(rpc), 'tandem.protocol': protocol, ...how };
}

/** How the client's call ended. */
export function serverOutcome({ protocol }: Rpc, { error, httpStatus }: RpcOutcome): Attributes {
  return {
    'rpc.response.status_code': error?.codeName ?? 'OK',
    'http.response.status_code': protocol === 'rest' ? httpStatus : undefined,
    'error.type': error !== undefined && isServerFault(error) ? error.codeName : undefined,
  };
}

/** How a call to the upstream ended. */
export function clientOutcome(error: StatusError | undefined): Attributes {
  return { 'rpc.response.status_code': error?.codeName ?? 'OK', 'error.type': error?.codeName };
}

const serverFaults: ReadonlySet<GrpcCode> = new Set([
  GrpcCode.UNKNOWN,
  GrpcCode.DEADLINE_EXCEEDED,
  GrpcCode.UNIMPLEMENTED,
  GrpcCode.INTERNAL,
  GrpcCode.UNAVAILABLE,
  GrpcCode.DATA_LOSS,
]);

/** What the conventions count as a failure of the server; in HTTP these codes are those of 5xx. */
export function isServerFault({ code }: StatusError): boolean {
  return serverFaults.has(code);
}
