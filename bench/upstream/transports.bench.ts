/**
 * CPU of this process for one unary call, by transport: node build/bench/upstream/transports.bench.js [calls] [bytes]
 * The upstream is a process of its own.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { GrpcCode } from '../../src/status/code.ts';
import { createUpstream } from '../../src/upstream/create-upstream.ts';
import { createGrpcJsTransport } from '../../src/upstream/grpc-js-transport.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { parseTarget, parseTargets } from '../../src/upstream/target.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import { startEchoUpstream } from '../../test/upstreams/echo-upstream.ts';

const [calls = 20_000, bytes = 100] = process.argv.slice(2).map(Number);
const inFlight = 32;

async function measure(name: string, transport: Transport): Promise<void> {
  const message = new Uint8Array(bytes).fill(65);
  const run = async (count: number): Promise<void> => {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const deadline = performance.now() + 15_000;
        const options = { path: '/test.Echo/Unary', metadata: [], deadline, isIdempotent: true };
        const { message: reply } = await transport.unary(options, message);
        if (reply.length !== bytes) throw new Error('another reply');
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };
  await run(calls / 4);
  const before = process.cpuUsage();
  const start = performance.now();
  await run(calls);
  const { user, system } = process.cpuUsage(before);
  const wallMs = performance.now() - start;
  console.log(
    `${name}\t${((user + system) / calls).toFixed(1)} µs CPU a call\t${Math.round((calls / wallMs) * 1000)} calls/s`,
  );
  await transport.close();
}

/** As the gateway makes it. */
async function upstreamOf(target: string): Promise<Transport> {
  const policy = {
    maxAttempts: 3,
    initialBackoffMs: 50,
    maxBackoffMs: 1000,
    backoffMultiplier: 2,
    retryableStatusCodes: new Set([GrpcCode.UNAVAILABLE]),
  };
  const retry = { policy, throttling: { maxTokens: 10, tokenRatio: 0.1 } };
  const balancing = { policy: 'round_robin' } as const;
  const { transport } = await createUpstream({ target: parseTargets(target), retry, balancing });
  return transport;
}

if (process.send === undefined) {
  const upstream = fork(new URL(import.meta.url));
  const [target] = (await once(upstream, 'message')) as [string];
  for (let round = 0; round < 2; round++) {
    await measure('grpc-js', createGrpcJsTransport(parseTarget(target)));
    await measure('http2', createHttp2Transport(parseTarget(target)));
    await measure('http2, retries', await upstreamOf(target));
    await measure('http2, two addresses', await upstreamOf(`${target},${target.replace('127.0.0.1', 'localhost')}`));
  }
  upstream.kill();
} else {
  const { target } = await startEchoUpstream();
  process.send(target);
}
