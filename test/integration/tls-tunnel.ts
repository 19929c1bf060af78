/** Speaks TLS for clients that cannot: whoever connects to it in the clear comes to the server with a certificate. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';

export interface TlsTunnel {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): void;
}

/** To the server at `url`, which the authority `ca` vouches for. */
export async function startTlsTunnel(
  url: string,
  tls: { readonly ca: string; readonly cert: string; readonly key: string },
): Promise<TlsTunnel> {
  const { port } = new URL(url);
  const tunnel = createServer((client) => {
    client.on('error', () => {});
    client.once('data', (first) => {
      const protocol = first.toString('latin1').startsWith('PRI ') ? 'h2' : 'http/1.1';
      const server = connect({ host: '127.0.0.1', port: Number(port), ALPNProtocols: [protocol], ...tls });
      server.on('error', () => client.destroy());
      server.on('close', () => client.end());
      client.on('close', () => server.destroy());
      server.write(first);
      client.pipe(server).pipe(client);
    });
  });
  tunnel.listen(0, '127.0.0.1');
  await once(tunnel, 'listening');
  return { url: `http://127.0.0.1:${(tunnel.address() as AddressInfo).port}`, close: () => void tunnel.close() };
}
