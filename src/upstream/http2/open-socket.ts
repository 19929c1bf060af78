/**
 * Sockets to a target: TCP or a socket file, TLS where asked for.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { SchemaError } from '../../schema/problem.ts';
import type { Target } from '../target.ts';
import type { TlsOptions } from '../transport.ts';

/** Begins to connect; `onOpen` gets the socket when HTTP/2 can be spoken on it. Failures are the socket's `error`. */
export type OpenSocket = (onOpen: () => void) => Socket;

/** How to connect to the target. Throws a SchemaError for TLS files that are none. */
export function socketsTo(target: Target, tls: TlsOptions | undefined): OpenSocket {
  const address =
    target.kind === 'unix' ? { path: target.path } : { host: target.ip ?? target.host, port: target.port };
  if (!target.isTls && tls === undefined) return (onOpen) => connectTcp({ ...address, noDelay: true }, onOpen);
  const host = target.kind === 'host' ? target.host : 'localhost';
  const serverName = tls?.serverName ?? (isIP(host) ? undefined : host);
  const secureContext = secureContextOf(target, tls);
  return (onOpen) => {
    const socket: TLSSocket = connectTls(
      { ...address, secureContext, ALPNProtocols: ['h2'], ...(serverName !== undefined && { servername: serverName }) },
      () => {
        if (socket.alpnProtocol === 'h2') onOpen();
        else socket.destroy(new Error('it does not offer HTTP/2'));
      },
    );
    return socket.setNoDelay(true);
  };
}

function secureContextOf(target: Target, { ca, cert, key, isPinned }: TlsOptions = {}): SecureContext {
  try {
    return createSecureContext({
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(isPinned && { allowPartialTrustChain: true }),
    });
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : cause;
    const message = `tls: ${text}: give ca, cert and key as PEM, cert and key together`;
    throw new SchemaError([{ position: undefined, subject: `upstream ${target.text}`, message }]);
  }
}
