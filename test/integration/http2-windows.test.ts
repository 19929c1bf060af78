import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import { endless } from '../upstreams/faults.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { startSlowLine } from '../upstreams/slow-line.ts';

const path = '/test.Test/Call';

test('over a long line the window of streams grows, to a megabyte', async (t) => {
  const upstream = await startScriptedUpstream({ [path]: endless(50_000) });
  const line = await startSlowLine(upstream.port, 10);
  const transport = createHttp2Transport(parseTarget(line.target));
  t.after(async () => {
    await transport.close(AbortSignal.abort());
    await line.close();
    await upstream.close();
  });
  const windowBytes = (): number | undefined => [...upstream.sessions][0]?.remoteSettings.initialWindowSize;
  let received = 0;
  for await (const batch of transport.stream(
    { path, metadata: [], deadline: performance.now() + 20_000 },
    Uint8Array.of(),
  )) {
    if (received === 0) assert.equal(windowBytes(), 256 * 1024);
    for (const message of batch) received += message.length;
    if (windowBytes() === 1024 * 1024 || received > 100_000_000) break;
  }
  assert.equal(windowBytes(), 1024 * 1024, `after ${received} bytes`);
});
