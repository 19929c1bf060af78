/** Where the upstream of a service can be called without the gateway. */
import type { Options } from './options.ts';
import { readTlsFiles } from './tls-files.ts';

export interface DirectTarget {
  readonly target: string;
  /** PEM texts. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string };
}

/** The first address of the upstream that serves the service; undefined when it has none of its own, as an xDS name or a mock. */
export function directTargetOf({ upstreams }: Options, service: string): DirectTarget | undefined {
  const upstream =
    upstreams.find(({ services }) => services.includes(service)) ??
    upstreams.find(({ services }) => services.length === 0);
  const [first] = upstream?.target.all ?? [];
  if (upstream === undefined || first === undefined) return undefined;
  if (upstream.tls === undefined) return { target: first.text };
  const { serverName, ...paths } = upstream.tls;
  const { ca, cert, key } = readTlsFiles(paths, 'upstreams', []);
  return {
    target: first.text,
    tls: {
      ...(ca && { ca: String(ca) }),
      ...(cert && { cert: String(cert) }),
      ...(key && { key: String(key) }),
      ...(serverName && { serverName }),
    },
  };
}
