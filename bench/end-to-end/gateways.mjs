// The gateways of the benchmark, each on one core. Peers are built by bench/peers/install.
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { startProcess, startTandem } from '../../scripts/start-process.mjs';

const cache = resolve('.cache', 'bench');
const program = (...parts) => join(cache, ...parts);

async function freePort() {
  const server = createServer();
  await new Promise((resolvePort) => server.listen(0, '127.0.0.1', resolvePort));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Envoy's transcoder with the settings of its documentation. */
function envoyConfig({ port, upstreamPort, descriptorSet }) {
  const endpoint = (number) => ({ socket_address: { address: '127.0.0.1', port_value: number } });
  const type = (name) => `type.googleapis.com/envoy.extensions.${name}`;
  const transcoder = {
    '@type': type('filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder'),
    proto_descriptor: descriptorSet,
    services: ['bench.v1.Catalogue'],
  };
  const manager = {
    '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'bench',
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'upstream', timeout: '0s' } }],
        },
      ],
    },
    http_filters: [
      { name: 'transcoder', typed_config: transcoder },
      { name: 'router', typed_config: { '@type': type('filters.http.router.v3.Router') } },
    ],
  };
  const cluster = {
    name: 'upstream',
    type: 'STATIC',
    load_assignment: {
      cluster_name: 'upstream',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: endpoint(upstreamPort) } }] }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': type('upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
  const filters = [{ name: 'http', typed_config: manager }];
  return {
    static_resources: { listeners: [{ address: endpoint(port), filter_chains: [{ filters }] }], clusters: [cluster] },
  };
}

async function startEnvoy({ target, descriptorSet, folder }) {
  const port = await freePort();
  const file = join(folder, 'envoy.json');
  writeFileSync(file, JSON.stringify(envoyConfig({ port, upstreamPort: Number(target.split(':')[1]), descriptorSet })));
  const args = ['-c', file, '--concurrency', '1', '--use-dynamic-base-id'];
  const started = await startProcess(program('venv', 'bin', 'envoy'), args, { ready: /starting main dispatch loop/ });
  return { ...started, url: `http://127.0.0.1:${port}` };
}

async function startGrpcGateway({ target }) {
  const env = { ...process.env, GOMAXPROCS: '1' };
  const started = await startProcess(program('bin', 'grpc-gateway'), ['-upstream', target], {
    ready: /listening on (\S+)/,
    env,
  });
  return { ...started, url: started.match[1] };
}

/** Tandem as its image starts it, but for what makes its calls. */
async function startOwn(transport, { target, protos, folder }) {
  const file = join(folder, `${transport}.json`);
  writeFileSync(file, JSON.stringify({ protos: [protos], upstreams: [{ target, transport }] }));
  return startTandem(['--config', file], { program: ['--single-threaded-gc', 'dist/cli.js'] });
}

/** Tandem with each of its transports. */
export const own = ['grpc-js', 'http2'].map((transport) => ({
  name: `Tandem, ${transport}`,
  transport,
  start: (schema) => startOwn(transport, schema),
}));

/** No gateway: what the server under Tandem takes to read the requests and answer them with the bytes at hand. */
export const floor = {
  name: 'Fastify alone',
  start: async () => {
    const started = await startProcess(process.execPath, ['bench/end-to-end/floor.mjs'], {
      ready: /listening on (\S+)/,
    });
    return { ...started, url: started.match[1] };
  },
};

/** How each is started: `target` is the upstream, `protos` and `descriptorSet` its schema, `folder` for files of its own. */
export const peers = [
  { name: 'grpc-gateway', start: startGrpcGateway, isHere: existsSync(program('bin', 'grpc-gateway')) },
  { name: 'Envoy', start: startEnvoy, isHere: existsSync(program('venv', 'bin', 'envoy')) },
];

/** Starts the upstream with the replies of `folder`. */
export const startUpstream = (folder) =>
  startProcess(program('bin', 'upstream'), ['-replies', folder], { ready: /listening on (\S+)/ });
