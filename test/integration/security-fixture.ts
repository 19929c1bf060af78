/** A gateway with security in front of a real upstream, and what its tests call with. */
import type { TestContext } from 'node:test';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { digestOf } from '../../src/security/api-keys.ts';
import { type RunningServer, type ServerContext, startServer } from '../../src/server/start-server.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

export const protos: readonly string[] = ['test/protos/security.proto'];

/** Item with the name "x". */
const item = { messages: [Uint8Array.of(10, 1, 120)] };

export interface SecureGateway {
  readonly server: RunningServer;
  readonly upstream: ScriptedUpstream;
}

/** `logger` sees what the server logs. */
export async function startSecure(
  t: TestContext,
  security: NonNullable<TandemOptions['security']>,
  others: Omit<TandemOptions, 'security'> = {},
  context: ServerContext = {},
): Promise<SecureGateway> {
  const names = ['Vault/GetItem', 'Vault/ListItems', 'Vault/DeleteItem', 'Vault/Ping', 'Ledger/Read', 'Ledger/Open'];
  const upstream = await startScriptedUpstream(Object.fromEntries(names.map((name) => [`/vault.${name}`, item])));
  t.after(() => upstream.close());
  const options = { protos, upstreams: [upstream.target], listen: { port: 0 }, security, ...others };
  const server = await startServer(options, context);
  t.after(() => server.close());
  return { server, upstream };
}

export const apiKey = 'tdm_correct-horse-battery-staple';

/** One key with roles and scopes. */
export function keyOf(roles: readonly string[] = [], scopes: readonly string[] = []) {
  return { name: 'billing', digest: `sha256:${digestOf(apiKey)}`, roles, scopes };
}
