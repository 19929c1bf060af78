/**
 * Upstreams that come and go under load: every call ends, with its own reply or with UNAVAILABLE where it was in the way.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '../../src/status/status-error.ts';
import { createGrpcJsTransport } from '../../src/upstream/grpc-js-transport.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import {
  type ScriptedUpstream,
  type ScriptedUpstreamOptions,
  startScriptedUpstream,
} from '../upstreams/scripted-upstream.ts';

const path = '/test.Test/Echo';
const transports = { 'grpc-js': createGrpcJsTransport, http2: createHttp2Transport } as const;

function startEcho(options: ScriptedUpstreamOptions = {}): Promise<ScriptedUpstream> {
  return startScriptedUpstream({ [path]: ({ messages }) => ({ messages }) }, options);
}

interface Tally {
  ok: number;
  readonly failures: Map<string, number>;
}

/** Calls with 16 workers until told to stop, or so many times; each call has a message of its own and gets it back. */
async function load(transport: Transport, isDone: (calls: number) => boolean): Promise<Tally> {
  const tally: Tally = { ok: 0, failures: new Map() };
  let calls = 0;
  const worker = async (): Promise<void> => {
    while (!isDone(calls)) {
      const text = `call ${calls++}`;
      try {
        const options = { path, metadata: [], deadline: performance.now() + 5000 };
        const { message } = await transport.unary(options, new TextEncoder().encode(text));
        assert.equal(new TextDecoder().decode(message), text);
        tally.ok++;
      } catch (error) {
        assert.ok(error instanceof StatusError, String(error));
        tally.failures.set(error.codeName, (tally.failures.get(error.codeName) ?? 0) + 1);
        await sleep(2);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return tally;
}

function closeLater(t: TestContext, transport: Transport, ...upstreams: ScriptedUpstream[]): void {
  t.after(async () => {
    await transport.close(AbortSignal.abort());
    for (const upstream of upstreams) await upstream.close();
  });
}

for (const [name, create] of Object.entries(transports)) {
  describe(name, { timeout: 60_000 }, () => {
    test('GOAWAY again and again loses nothing', async (t) => {
      const upstream = await startEcho();
      const transport = create(parseTarget(upstream.target), { reconnect: { minMs: 1, maxMs: 10 } });
      closeLater(t, transport, upstream);
      let goAways = 0;
      const { ok, failures } = await load(transport, (calls) => {
        if (calls % 100 === 99) {
          for (const session of upstream.sessions) session.close();
          goAways++;
        }
        return calls >= 1500;
      });
      assert.ok(goAways > 10);
      assert.deepEqual([...failures], []);
      assert.ok(ok >= 1500);
    });

    test('an upstream that dies and comes back', async (t) => {
      const first = await startEcho();
      const transport = create(parseTarget(first.target), { reconnect: { minMs: 10, maxMs: 100 } });
      closeLater(t, transport);
      let isDone = false;
      const running = load(transport, () => isDone);
      while (first.calls.length < 50) await sleep(2);
      await first.close();
      await sleep(150);
      const second = await startEcho({ port: first.port });
      t.after(() => second.close());
      // Calls succeed again.
      while (second.calls.length < 50) await sleep(2);
      isDone = true;
      const { ok, failures } = await running;
      assert.deepEqual([...failures.keys()], ['UNAVAILABLE']);
      assert.ok(ok >= second.calls.length);
    });
  });
}
