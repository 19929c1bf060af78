/**
 * Every annotated method of Google's protos, package by package, before made-up replies: called over REST by the example of its own OpenAPI document,
 * and over gRPC with the message that this became. Both must answer the same.
 *
 *     npm run scale [-- PACKAGE...]
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { Agent, request as sendHttp } from 'node:http';
import { join } from 'node:path';
import type { Rpc, RpcHooks } from '../../src/gateway/hooks.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import { type ExampleRequest, exampleRequests, operationsOf } from '../integration/example-requests.ts';

const root = join('node_modules', 'google-proto-files');
const words = process.argv.slice(2);

/** What hooks saw of the last call: the request's messages, and the replies. */
interface Seen {
  method: string;
  requests: Uint8Array[];
  replies: Uint8Array[];
}

function watch(): { readonly hooks: RpcHooks; take(): Seen } {
  let seen: Seen = { method: '', requests: [], replies: [] };
  const own = (rpc: Rpc): Seen => {
    seen.method = rpc.method.path;
    return seen;
  };
  return {
    hooks: {
      onRequestMessage: (rpc, message) => void own(rpc).requests.push(message.slice()),
      onReplyMessage: (rpc, message) => void own(rpc).replies.push(message.slice()),
    },
    take: () => {
      const taken = seen;
      seen = { method: '', requests: [], replies: [] };
      return taken;
    },
  };
}

/** The files of the packages that have a service. */
async function packages(): Promise<ReadonlyMap<string, readonly string[]>> {
  const folders = readdirSync(join(root, 'google')).filter((name) => name !== 'protobuf');
  const { schema } = await loadSchema({ protos: folders.map((name) => join(root, 'google', name)), imports: [root] });
  const found = new Map<string, string[]>();
  for (const { file } of schema.services.values()) {
    const files = found.get(file.package) ?? [];
    found.set(file.package, [...new Set([...files, join(root, file.name)])]);
  }
  return new Map([...found].filter(([name]) => words.length === 0 || words.includes(name)).sort());
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function send(url: string, { method, target, headers, body }: ExampleRequest): Promise<number> {
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = sendHttp(url + target, { method, headers, agent }, async (response) => {
      let answered = '';
      for await (const chunk of response.setEncoding('utf8')) answered += chunk;
      resolve({ status: response.statusCode ?? 0, text: answered });
    });
    request.once('error', reject);
    request.end(body);
  });
  assert.equal(status, 200, text.slice(0, 300));
  return status;
}

async function callByGrpc(transport: Transport, { method, requests }: Seen, isStreams: boolean): Promise<Uint8Array[]> {
  const [first = new Uint8Array()] = requests;
  async function* all() {
    yield* requests;
  }
  const options = { path: method, metadata: [], deadline: performance.now() + 60_000 };
  const replies: Uint8Array[] = [];
  for await (const batch of transport.stream(options, isStreams ? all() : first)) replies.push(...batch);
  return replies;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface Count {
  bindings: number;
  readonly methods: Set<string>;
  readonly problems: string[];
}

async function callAll(server: RunningServer, seen: ReturnType<typeof watch>, count: Count): Promise<void> {
  const transport = createHttp2Transport(parseTarget(server.url.replace('http://', '')));
  const { documents, schema } = server.gateway.generation;
  const document = (await documents()).whole();
  try {
    for (const each of operationsOf(document)) {
      const [example] = exampleRequests(document, each);
      const wanted = `/${each.operation['x-grpc-method']}`;
      try {
        assert.ok(example, 'no example');
        seen.take();
        await send(server.url, example);
        const rest = seen.take();
        assert.equal(rest.method, wanted, 'another method has the path');
        const method = schema.methods.get(wanted.slice(1).replace('/', '.'));
        const replies = await callByGrpc(transport, rest, method?.isClientStreaming === true);
        assert.deepEqual(replies.map(hex), rest.replies.map(hex), 'gRPC answers otherwise');
        count.bindings++;
        count.methods.add(wanted);
      } catch (error) {
        count.problems.push(`${each.method} ${example?.target ?? each.path} (${wanted}): ${(error as Error).message}`);
      }
    }
  } finally {
    await transport.close(AbortSignal.abort());
  }
}

const count: Count = { bindings: 0, methods: new Set(), problems: [] };
const start = performance.now();
for (const [, protos] of await packages()) {
  const seen = watch();
  const server = await startServer(
    {
      listen: { port: 0 },
      protos,
      imports: [root],
      mock: true,
      transcoding: { duplicates: 'firstWins', wrongRules: 'skip' },
      limits: { urlBytes: '64KiB', headerBytes: '64KiB' },
    },
    { hooks: [seen.hooks] },
  );
  await callAll(server, seen, count);
  await server.close();
}
agent.destroy();
for (const problem of count.problems) console.log(problem);
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(
  `${count.bindings} operations of ${count.methods.size} methods answered the same by REST and gRPC, ${count.problems.length} did not (${seconds} s)`,
);
process.exitCode = count.problems.length > 0 || count.methods.size === 0 ? 1 : 0;
