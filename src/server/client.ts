/**
 * Who is at the other end of a connection, for the hooks.
 */
import type { FastifyRequest } from 'fastify';
import type { RpcClient } from '../gateway/hooks.ts';
import { StatusError } from '../status/status-error.ts';

const authorization = 'authorization';

/**
 * The client of a request. Its certificate counts only when TLS has verified it. Throws INVALID_ARGUMENT for two Authorization headers: Node
 * shows one of them, and another server might see the other.
 */
export function clientOf({ ip, protocol, raw }: FastifyRequest): RpcClient {
  const names = raw.rawHeaders.filter((text, index) => index % 2 === 0 && text.length === authorization.length);
  if (names.filter((name) => name.toLowerCase() === authorization).length > 1) {
    throw StatusError.invalidField(authorization, 'sent more than once');
  }
  return { address: ip, scheme: protocol, certificateNames: certificateNames(raw.socket as TlsSocket) };
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
