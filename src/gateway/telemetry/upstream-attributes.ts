/** What spans say of where a call goes. */
import type { Attributes } from '@opentelemetry/api';
import type { Targets } from '../../upstream/target.ts';
import type { Options } from '../options.ts';

/** Of a service by its full name, as the configuration has it; of one that goes nowhere nothing. */
export function upstreamAttributes({ upstreams, restUpstreams }: Options): (service: string) => Attributes {
  const byService = new Map<string, Attributes>();
  const add = (services: readonly string[], attributes: Attributes): void => {
    for (const service of services.length === 0 ? [everyService] : services) byService.set(service, attributes);
  };
  for (const { target, services } of upstreams) add(services, { 'rpc.system.name': 'grpc', ...addressOf(target) });
  for (const { url, services } of restUpstreams) {
    const { hostname, port, protocol } = new URL(url);
    add(services, { 'server.address': hostname, 'server.port': Number(port || (protocol === 'https:' ? 443 : 80)) });
  }
  // Of gRPC's own services the gateway mostly is the server.
  const otherwise = (service: string): Attributes | undefined =>
    service.startsWith('grpc.') ? undefined : byService.get(everyService);
  return (service) => byService.get(service) ?? otherwise(service) ?? {};
}

const everyService = '*';

/** Of several addresses, which are one to those who call, the text by which the user names them. */
function addressOf({ text, all }: Targets): Attributes {
  const [target] = all;
  if (target === undefined || all.length > 1) return { 'server.address': text };
  if (target.kind === 'unix') return { 'server.address': target.path };
  return { 'server.address': target.host, 'server.port': target.port };
}
