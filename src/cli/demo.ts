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
  close(): Promise<void>;
}

export async function openDemo(): Promise<RunningDemo> {
  const { target, close } = await startDemo();
  return {
    layer: {
      content: { protos: [demoProtos()], upstreams: [target] },
      directory: '',
      positionOf: () => ({ file: '--demo', line: 0, column: 0 }),
    },
    welcome: ({ url, gateway }) => {
      const pages = ownPathsOf(gateway.generation).filter(({ name }) => name === 'ui' || name === 'openapiJson');
      return [`try  curl ${url}/v1/greeter/World`, ...pages.map(({ path }) => `see  ${url}${path}`)].join('\n');
    },
    close,
  };
}
