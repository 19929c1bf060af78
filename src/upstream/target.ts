/**
 * Where an upstream is: the text of `--upstream [SERVICE=]TARGET` taken apart.
 */
import { type Problem, SchemaError } from '../schema/problem.ts';

/** An upstream's address. `text` is what the user wrote. */
export type Target =
  | {
      readonly kind: 'host';
      readonly text: string;
      readonly isTls: boolean;
      readonly host: string;
      readonly port: number;
      /** Every address of the name is one to call, not just whichever the system gives. */
      readonly isDns?: boolean;
      /** One of the host's addresses, to connect to without asking for it. */
      readonly ip?: string;
    }
  | { readonly kind: 'unix'; readonly text: string; readonly isTls: boolean; readonly path: string };

/** Where an upstream is: at one target, or at several that are the same to those who call. `text` is what the user wrote. */
export interface Targets {
  readonly text: string;
  /** None of a name that only an xDS server knows. */
  readonly all: readonly Target[];
}

const forms = 'host:port, https://host:port, http://host:port, unix:PATH or dns:///host:port';
const schemes: ReadonlyMap<string, { readonly isTls: boolean; readonly defaultPort: number | undefined }> = new Map([
  ['', { isTls: false, defaultPort: undefined }],
  ['dns:///', { isTls: false, defaultPort: undefined }],
  ['http://', { isTls: false, defaultPort: 80 }],
  ['https://', { isTls: true, defaultPort: 443 }],
]);

/**
 * Takes a target apart: `127.0.0.1:50051`, `[::1]:50051`, `https://api.example`, `unix:/run/api.sock`, `dns:///api:50051`.
 * Throws a SchemaError that says what to write instead.
 */
export function parseTarget(text: string): Target {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '') throw problemOf(text, 'has no path: write unix:/run/upstream.sock');
    return { kind: 'unix', text, isTls: false, path };
  }
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/\/?)?(.*)$/is.exec(text) ?? [];
  const form = schemes.get(scheme.toLowerCase());
  if (form === undefined) throw problemOf(text, `begins with ${scheme}, which is not known: write ${forms}`);
  const [, bracketed, name, portText] =
    /^(?:\[([0-9a-f:.]+(?:%\w+)?)\]|([^\s/?#@:[\]]+))(?::(\d{1,5}))?\/?$/i.exec(rest) ?? [];
  const host = bracketed ?? name;
  if (host === undefined) throw problemOf(text, `is not a target: write ${forms}`);
  const port = portText === undefined ? form.defaultPort : Number(portText);
  if (port === undefined) throw problemOf(text, `has no port: write ${text}:50051`);
  if (port < 1 || port > 65535) throw problemOf(text, `has the port ${port}: write one from 1 to 65535`);
  const isDns = scheme.toLowerCase() === 'dns:///';
  return { kind: 'host', text, isTls: form.isTls, host, port, ...(isDns && { isDns }) };
}

/**
 * Takes the targets of one upstream apart: one, several behind commas (`a:1,b:1`) or in a list, or `xds:///name`. Throws a SchemaError of
 * all that are wrong.
 */
export function parseTargets(written: string | readonly string[]): Targets {
  // Not every comma: a path may have one.
  const texts = typeof written === 'string' ? written.split(/,(?=[^,]*:)/) : written;
  const text = texts.join(',');
  if (texts.length === 1 && text.startsWith('xds:')) return { text, all: Object.freeze([]) };
  const problems: Problem[] = [];
  const all = texts.flatMap((each) => {
    try {
      return [Object.freeze(parseTarget(each))];
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new SchemaError(problems);
  return { text, all: Object.freeze(all) };
}

/** An upstream as the command line gives it: `example.Greeter=127.0.0.1:50051`; without a service it serves every one. */
export function parseUpstream(text: string): { readonly service: string | undefined; readonly target: Targets } {
  const [, service, rest = text] = /^([A-Za-z_][\w.]*)=(.*)$/s.exec(text) ?? [];
  return { service, target: parseTargets(rest) };
}

/** `host:port`, as URLs and `:authority` have it. */
export function addressOf({ host, port }: Extract<Target, { kind: 'host' }>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function problemOf(text: string, message: string): SchemaError {
  return new SchemaError([{ position: undefined, subject: 'upstream', message: `"${text}" ${message}` }]);
}
