/** The Fastify plugin, `tandem/fastify`. */
export type { TandemOptions } from './gateway/options.ts';
export type { RequestRpc } from './server/handler.ts';
export { tandem, tandem as default } from './server/plugin.ts';
