/** How many connections an address may have open; one more is ended at once. */
import type { FastifyBaseLogger } from 'fastify';
import { addressPrefix, createAddressSet } from '../security/address-prefix.ts';

const WARN_EVERY_MS = 60_000;

/** Of node:net's Socket and Server. */
interface Connection {
  readonly remoteAddress?: string | undefined;
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}
interface Server {
  prependListener(event: 'connection', listener: (socket: Connection) => void): unknown;
}

/** This machine: whoever connects from it is let in by it. */
export const loopback: readonly string[] = ['127.0.0.0/8', '::1'];

/** The addresses of `trusted` may have any number: behind them are others. */
export function limitConnections(
  { server, log }: { readonly server: Server; readonly log: FastifyBaseLogger },
  perAddress: number,
  trusted: readonly string[],
): void {
  const isTrusted = createAddressSet(trusted);
  const open = new Map<string, number>();
  let warnedAt = Number.NEGATIVE_INFINITY;
  server.prependListener('connection', (socket) => {
    const { remoteAddress = '' } = socket;
    if (isTrusted(remoteAddress)) return;
    const prefix = addressPrefix(remoteAddress);
    const count = (open.get(prefix) ?? 0) + 1;
    if (count > perAddress) {
      socket.destroy();
      if (performance.now() - warnedAt < WARN_EVERY_MS) return;
      warnedAt = performance.now();
      log.warn({ address: remoteAddress }, `more than limits.connectionsPerAddress (${perAddress}) connections`);
      return;
    }
    open.set(prefix, count);
    socket.once('close', () => {
      const left = (open.get(prefix) ?? 1) - 1;
      if (left > 0) open.set(prefix, left);
      else open.delete(prefix);
    });
  });
}
