/** `--demo`: the embedded example as an upstream of its own. */
import { demoProtos, startDemo } from '../demo/start-demo.ts';
import { ownPathsOf } from '../server/own-paths.ts';
import type { RunningServer } from '../server/start-server.ts';
import type { ConfigLayer } from './config-layers.ts';

export interface RunningDemo {
  /** Its protos and its upstream, which win over configured ones. */
  readonly layer: ConfigLayer;
  /** What to try first. */
  welcome(server: RunningServer): string;
  /** By which the processes started from this one find its upstream instead of starting their own. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** What the page that compares protocols begins with. */
const exampleCall = `#Library.GetBook?message=${encodeURIComponent('{"name":"shelves/fiction/books/frankenstein"}')}`;

const variable = 'TANDEM_DEMO_TARGET';

export async function openDemo(): Promise<RunningDemo> {
  const shared = process.env[variable];
  const { target, close } = shared === undefined ? await startDemo() : { target: shared, close: async () => {} };
  return {
    layer: {
      content: { protos: [demoProtos()], upstreams: [target], observability: { analytics: true } },
      directory: '',
      positionOf: () => ({ file: '--demo', line: 0, column: 0 }),
    },
    welcome: ({ url, gateway }) => {
      const pages = ownPathsOf(gateway.generation).filter(({ name }) =>
        ['ui', 'openapiJson', 'compare', 'analytics'].includes(name),
      );
      const links = pages.map(({ name, path }) => `see  ${url}${path}${name === 'compare' ? exampleCall : ''}`);
      return [`try  curl ${url}/v1/greeter/World`, ...links].join('\n');
    },
    environment: { [variable]: target },
    close,
  };
}
