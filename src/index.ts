/**
 * The library: the gateway without HTTP, the server, and the codec by itself.
 */

export { CodecError } from './codec/codec-error.ts';
export { createCodec, type DescriptorSetCodec } from './codec/descriptor-set-codec.ts';
export { createGateway, type Gateway } from './gateway/gateway.ts';
export type {
  IncomingReply,
  OutgoingCall,
  Rpc,
  RpcClient,
  RpcHooks,
  RpcOutcome,
  RpcProtocol,
} from './gateway/hooks.ts';
export type { TandemOptions } from './gateway/options.ts';
export type { Plugin, PluginTools } from './gateway/plugins.ts';
export { SchemaError } from './schema/problem.ts';
export { type Identity, identityOf } from './security/identity.ts';
export { startServer } from './server/start-server.ts';
export { GrpcCode } from './status/code.ts';
export { StatusError } from './status/status-error.ts';
export type { AttemptWatch } from './upstream/transport.ts';
