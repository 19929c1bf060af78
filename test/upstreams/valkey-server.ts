/** A real Valkey, or Redis, in a process of its own; nothing it knows outlives it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const program = ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Why tests cannot have one; undefined where they can. CI has to. */
export const missingValkey: string | undefined =
  program !== undefined || process.env['CI'] !== undefined
    ? undefined
    : 'no valkey-server or redis-server is installed';

export interface ValkeyServer {
  readonly port: number;
  readonly url: string;
  kill(): Promise<void>;
  /** At its old port. */
  restart(): Promise<void>;
}

/** It ends with `t`, a test or what else has an end. */
export async function startValkey(t: { after(ending: () => unknown): void }): Promise<ValkeyServer> {
  const port = await freePort();
  let running: ChildProcess | undefined;
  const restart = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    running = spawn(program ?? 'valkey-server', args, { stdio: 'ignore' });
    await once(running, 'spawn');
    while (!(await isListening(port))) await sleep(20);
  };
  const kill = async (): Promise<void> => {
    if (running?.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  };
  await restart();
  t.after(kill);
  return { port, url: `redis://127.0.0.1:${port}`, kill, restart };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const found = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return found;
}
