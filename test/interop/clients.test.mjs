// Clients of gRPC that others wrote, through the gateway: the interop clients of Go and Java with their cases, grpcurl, ghz, grpcio. What the
// last get is compared to what the upstream gives them without a gateway. Outside `npm test` since it needs Go, Java and Python:
//
//     npm run build && npm run interop
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startTandem } from '../../scripts/start-process.mjs';
import { pythonWith } from './python.mjs';
import { clients, missing, run, runProgram, servers } from './tools.mjs';

const proto = join(import.meta.dirname, 'grpc_testing.proto');
const ca = resolve('test/fixtures/tls/ca.crt');
const tls = { cert: resolve('test/fixtures/tls/server.crt'), key: resolve('test/fixtures/tls/server.key') };

/** Where everything is installed on purpose, nothing may be left out in silence. */
function skipUnless(...needed) {
  const why = needed.map(missing).find((reason) => reason !== false);
  if (why !== undefined && process.env.CI) throw new Error(why);
  return why ?? false;
}

/** The gateways that the clients call: how each listens, and how it calls the upstream. */
const gateways = {
  plaintext: {},
  TLS: { listen: { tls } },
  'transport grpc-js': { transport: 'grpc-js' },
};

async function startGateway(name, target) {
  const folder = resolve('.cache', 'interop');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `clients-${name.replaceAll(' ', '-')}.yaml`);
  const { transport, listen } = gateways[name];
  const upstream = transport === undefined ? target : { target, transport };
  writeFileSync(file, JSON.stringify({ protos: [proto], upstreams: [upstream], ...(listen && { listen }) }));
  const tandem = await startTandem(['--config', file]);
  return { ...tandem, port: new URL(tandem.url).port, isTls: listen !== undefined };
}

/** https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md, but for those of credentials and load balancing. */
const interopCases = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
];

/** Those of compression, which Go has not. Those of compressed requests fail without a gateway too: the server does not probe. */
const javaCases = ['server_compressed_unary', 'server_compressed_streaming'];

/** What each interop client is run with. */
const interopClients = {
  'grpc-go': {
    cases: interopCases,
    flags: ({ port, isTls }) => [
      '-server_host=localhost',
      `-server_port=${port}`,
      `-use_tls=${isTls}`,
      ...(isTls ? ['-use_test_ca', `-ca_file=${ca}`, '-server_host_override='] : []),
    ],
  },
  'grpc-java': {
    cases: [...interopCases, ...javaCases],
    // It trusts no other test authority than its own.
    skips: ({ isTls }) => isTls,
    flags: ({ port }) => ['--server_host=localhost', `--server_port=${port}`, '--use_tls=false'],
  },
};

for (const [language, { cases, flags, skips = () => false }] of Object.entries(interopClients)) {
  const skip = skipUnless(servers[language], clients[language]);
  describe(`gRPC's interop client, ${language}`, { skip, timeout: 600_000 }, () => {
    let upstream;
    before(async () => {
      upstream = await servers[language].start();
    });
    after(() => upstream?.stop());

    for (const [name, { listen }] of Object.entries(gateways)) {
      if (skips({ isTls: listen !== undefined })) continue;
      describe(name, () => {
        let gateway;
        before(async () => {
          gateway = await startGateway(name, `127.0.0.1:${upstream.match[1]}`);
        });
        after(() => gateway?.stop());

        for (const testCase of cases) {
          test(testCase, async () => {
            const { status, stdout, stderr } = await run(language, [...flags(gateway), `--test_case=${testCase}`]);
            assert.equal(status, 0, `${stdout}\n${stderr}`);
          });
        }
      });
    }
  });
}

const body = Buffer.from('hello').toString('base64');
const payload = { type: 0, body };

/** A call of each kind as grpcurl takes it: messages behind one another. */
const calls = {
  UnaryCall: [{ responseSize: 5, payload }],
  StreamingOutputCall: [{ responseParameters: [{ size: 3 }, { size: 1 }, { size: 0 }] }],
  StreamingInputCall: [{ payload }, { payload }, {}],
  FullDuplexCall: [{ responseParameters: [{ size: 4 }], payload }, { responseParameters: [{ size: 2 }] }],
  EmptyCall: [{}],
  UnimplementedCall: [{}],
};
/** Calls that fail: their code, message and details must come through as they are. */
const failing = {
  UnaryCall: [{ responseStatus: { code: 9, message: 'not now, ☺ 100 %' } }],
  FullDuplexCall: [{ responseParameters: [{ size: 1 }] }, { responseStatus: { code: 2, message: 'in the middle' } }],
};

const skipGo = skipUnless(servers['grpc-go'], clients.grpcurl, clients.ghz);
describe('tools of gRPC', { skip: skipGo, timeout: 300_000 }, () => {
  let upstream;
  before(async () => {
    upstream = await servers['grpc-go'].start();
  });
  after(() => upstream?.stop());

  for (const name of Object.keys(gateways)) {
    describe(name, () => {
      let gateway;
      before(async () => {
        gateway = await startGateway(name, `127.0.0.1:${upstream.match[1]}`);
      });
      after(() => gateway?.stop());
      const trust = () => (gateway.isTls ? ['-cacert', ca] : ['-plaintext']);
      const grpcurl = (...args) => run('grpcurl', [...trust(), ...args]);
      const there = () => `localhost:${gateway.port}`;

      test('grpcurl lists what is served, though the upstream has no reflection', async () => {
        const direct = await run('grpcurl', ['-plaintext', `localhost:${upstream.match[1]}`, 'list']);
        assert.match(direct.stderr, /does not support the reflection API/);
        const { stdout, stderr } = await grpcurl(there(), 'list');
        const own = ['health.v1.Health', 'reflection.v1.ServerReflection', 'reflection.v1alpha.ServerReflection'];
        const names = [...own, 'testing.TestService', 'testing.UnimplementedService'].map((each) => `grpc.${each}\n`);
        assert.deepEqual([stdout, stderr], [names.join(''), '']);
      });

      test('grpcurl describes it as it is written', async () => {
        for (const symbol of ['grpc.testing.TestService', 'grpc.testing.SimpleRequest']) {
          const files = ['-proto', proto, '-import-path', import.meta.dirname, 'describe', symbol];
          const [told, written] = [await grpcurl(there(), 'describe', symbol), await run('grpcurl', files)];
          assert.equal(told.status, 0, told.stderr);
          assert.equal(told.stdout, written.stdout);
        }
      });

      for (const [kind, table] of Object.entries({ calls, failing })) {
        for (const [method, messages] of Object.entries(table)) {
          test(`grpcurl calls, ${kind}: ${method}`, async () => {
            const input = messages.map((message) => JSON.stringify(message)).join('');
            const call = [`grpc.testing.TestService/${method}`];
            const files = ['-proto', proto, '-import-path', import.meta.dirname];
            const direct = ['-plaintext', ...files, '-d', '@', `localhost:${upstream.match[1]}`, ...call];
            const wanted = await run('grpcurl', direct, { input });
            const got = await run('grpcurl', [...trust(), '-d', '@', there(), ...call], { input });
            assert.deepEqual(got, wanted);
            assert.equal(got.status === 0, kind === 'calls' && method !== 'UnimplementedCall', got.stderr);
          });
        }
      }

      test('grpcurl asks for health', async () => {
        const { stdout } = await grpcurl(there(), 'grpc.health.v1.Health/Check');
        assert.deepEqual(JSON.parse(stdout), { status: 'SERVING' });
      });

      for (const [method, calls] of [
        ['UnaryCall', 2000],
        ['StreamingOutputCall', 200],
        ['StreamingInputCall', 200],
        ['FullDuplexCall', 200],
      ]) {
        test(`ghz: ${calls} × ${method}, 20 at once, none fails`, async () => {
          const data = { responseSize: 100, responseParameters: [{ size: 100 }, { size: 100 }], payload };
          const known = { UnaryCall: ['responseSize'], StreamingInputCall: [] }[method] ?? ['responseParameters'];
          const message = Object.fromEntries([...known, 'payload'].map((key) => [key, data[key]]));
          const { stdout, stderr } = await run('ghz', [
            ...(gateway.isTls ? ['--cacert', ca] : ['--insecure']),
            ...['--call', `grpc.testing.TestService.${method}`, '-d', JSON.stringify(message)],
            ...['-n', String(calls), '-c', '20', '--connections', '4', '-O', 'json', there()],
          ]);
          assert.match(stdout, /^\{/, stderr);
          assert.deepEqual(JSON.parse(stdout).statusCodeDistribution, { OK: calls });
        });
      }
    });
  }
});

const python = pythonWith('grpc, grpc_tools, google.rpc.status_pb2');
const skipPython = python === undefined ? 'there is no Python with grpcio' : skipUnless(servers['grpc-java']);
describe('grpcio', { skip: skipPython, timeout: 180_000 }, () => {
  let upstream;
  let wanted;
  const ask = async (...args) => {
    const script = join(import.meta.dirname, 'python', 'client.py');
    const { status, stdout, stderr } = await runProgram(python, [script, '--proto', proto, ...args]);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  };
  before(async () => {
    // The server that compresses when asked to.
    upstream = await servers['grpc-java'].start();
    wanted = await ask(`localhost:${upstream.match[1]}`);
  });
  after(() => upstream?.stop());

  for (const name of Object.keys(gateways)) {
    test(`gets the same as from the upstream: ${name}`, async (t) => {
      const gateway = await startGateway(name, `127.0.0.1:${upstream.match[1]}`);
      t.after(() => gateway.stop());
      assert.deepEqual(await ask(...(gateway.isTls ? ['--ca', ca] : []), `localhost:${gateway.port}`), wanted);
    });
  }
});
