/** The Fastify plugin, `tandem/fastify`. */
export type { Rpc, RpcHooks } from './gateway/hooks.ts';
export type { TandemOptions } from './gateway/options.ts';
export type { RequestRpc } from './server/handler.ts';
export { type PluginOptions, tandem, tandem as default } from './server/plugin.ts';
