/**
 * Who is at the other end of a connection, for the hooks.
 */
import type { FastifyRequest } from 'fastify';
import type { RpcClient } from '../gateway/hooks.ts';

/** The client of a request. Its certificate counts only when TLS has verified it. */
export function clientOf({ ip, raw }: FastifyRequest): RpcClient {
  return { address: ip, certificateNames: certificateNames(raw.socket as TlsSocket) };
}

/** Of node:tls' TLSSocket. */
interface TlsSocket {
  readonly authorized?: boolean;
  readonly getPeerCertificate?: () => { readonly subjectaltname?: string };
}

function certificateNames(socket: TlsSocket): readonly string[] | undefined {
  if (socket.authorized !== true) return undefined;
  const names = socket.getPeerCertificate?.().subjectaltname;
  return names === undefined ? [] : splitNames(names);
}

/**
 * Node writes names with a comma or quote in quotes, as JSON would: `DNS:a.example, DNS:"b,DNS:c"`. Split at commas outside of quotes, or a
 * name could pretend to be two (CVE-2021-44532).
 */
function splitNames(text: string): readonly string[] {
  const names = text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return names.map((name) => name.trim());
}
