/**
 * TLS of the port: the certificates, which of them a client gets, whether it has to show one, and new ones when the files change.
 */
import { X509Certificate } from 'node:crypto';
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Options } from '../gateway/options.ts';
import { readTlsFiles } from '../gateway/tls-files.ts';
import { watchContents } from '../gateway/watch-contents.ts';
import { type Problem, SchemaError } from '../schema/problem.ts';

type TlsOptions = NonNullable<Options['listen']['tls']>;

/** What the files hold, whole and checked. */
interface Certificates {
  readonly first: SecureContextOptions;
  /** In the order of the configuration. */
  readonly others: readonly { readonly certificate: X509Certificate; readonly context: SecureContext }[];
}

export interface ListenTls {
  /** For the server as it is made. */
  readonly options: ServerOptions;
  /** Takes new files into use as they change; wrong ones are refused and the old stay. Gives the function that ends it. */
  keepFresh(server: Server, onRefusal: (error: unknown) => void): () => void;
}

/** Throws SchemaError for files that cannot be used. */
export function createListenTls(tls: TlsOptions): ListenTls {
  let current = readCertificates(tls);
  const paths = [tls, ...tls.certificates].flatMap(({ cert, key }) => [cert, key]);
  return {
    options: {
      ...current.first,
      requestCert: tls.clientCa !== undefined,
      rejectUnauthorized: tls.clientCa !== undefined && tls.clientCertificates === 'required',
      // Without one that fits, the first.
      SNICallback: (name, done) => {
        const fitting = current.others.find(({ certificate }) => certificate.checkHost(name) !== undefined);
        done(null, fitting?.context);
      },
    },
    keepFresh: (server, onRefusal) =>
      watchContents(tls.clientCa === undefined ? paths : [...paths, tls.clientCa], () => {
        try {
          const next = readCertificates(tls);
          server.setSecureContext(next.first);
          current = next;
        } catch (error) {
          onRefusal(error);
        }
      }),
  };
}

function readCertificates(tls: TlsOptions): Certificates {
  const problems: Problem[] = [];
  const authorities = readTlsFiles({ clientCa: tls.clientCa }, 'listen.tls', problems).clientCa;
  const minVersion = tls.minVersion;
  const read = ({ cert, key }: Pick<TlsOptions, 'cert' | 'key'>, place: string): SecureContextOptions => {
    const files = readTlsFiles({ cert, key }, place, problems);
    return { ...files, minVersion, ...(authorities !== undefined && { ca: authorities }) };
  };
  const all = [tls, ...tls.certificates].map((pair, index) => {
    const place = index === 0 ? 'listen.tls' : `listen.tls.certificates[${index - 1}]`;
    return { place, options: read(pair, place) };
  });
  if (problems.length > 0) throw new SchemaError(problems);
  if (authorities !== undefined) attempt('listen.tls.clientCa', problems, () => new X509Certificate(authorities));
  const checked = all.flatMap(({ place, options }) => {
    const made = attempt(place, problems, () => ({
      certificate: new X509Certificate(options.cert as Buffer),
      context: createSecureContext(options),
      options,
    }));
    return made === undefined ? [] : [made];
  });
  const [first, ...others] = checked;
  if (problems.length > 0 || first === undefined) throw new SchemaError(problems);
  return { first: first.options, others };
}

/** What OpenSSL refuses is a problem of the files. */
function attempt<T>(subject: string, problems: Problem[], make: () => T): T | undefined {
  try {
    return make();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    problems.push({ position: undefined, subject, message: `not a certificate with its key, as PEM: ${reason}` });
    return undefined;
  }
}
