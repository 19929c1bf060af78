/**
 * A TCP relay that holds every byte back for a while, each way: a long line between client and upstream.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SlowLine {
  /** `127.0.0.1:PORT` */
  readonly target: string;
  close(): Promise<void>;
}

export async function startSlowLine(upstreamPort: number, delayMs: number): Promise<SlowLine> {
  const sockets = new Set<Socket>();
  const delay = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (bytes) => setTimeout(() => to.write(bytes), delayMs));
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      setTimeout(() => to.destroy(), delayMs);
    });
  };
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    delay(client, upstream);
    delay(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
