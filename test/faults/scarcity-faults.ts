/** A gateway that has too few file descriptors, or too little memory, for what clients ask of it. It goes on, and serves again when they leave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from './gateway-faults.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { type Fault, proto, type Stage, seconds } from './stage.ts';

export const scarcityFaults: readonly Fault[] = [
  { name: 'no more file descriptors than 256', run: fewDescriptors },
  { name: 'more calls than the heap has room for', isLong: true, run: smallHeap },
];

const DESCRIPTORS = 256;
const entry = '/v1/entries/x?text=t';

async function fewDescriptors(stage: Stage) {
  const { target } = await stage.upstream();
  const gateway = await start(stage, ['--proto', proto, '--upstream', target], { descriptors: DESCRIPTORS });
  const load = stage.load(gateway.url, { workers: 4 });
  await stage.succeed(50);
  const { hostname, port } = new URL(gateway.url);
  const sockets: Socket[] = [];
  let turnedAway = 0;
  for (let index = 0; index < 2 * DESCRIPTORS; index++) {
    const socket = connect(Number(port), hostname);
    // A start of minutes has the first told that they are late with their requests; unread, that would hide their end.
    socket
      .resume()
      .on('error', () => {})
      .once('close', () => turnedAway++);
    sockets.push(socket);
    await once(socket, 'connect');
  }
  await stage.succeed(100 * stage.scale);
  while (turnedAway < DESCRIPTORS) await sleep(5);
  const refused = turnedAway;
  for (const socket of sockets) socket.destroy();
  const leftAt = performance.now();
  while (!(await isServed(gateway, '/healthz'))) await sleep(5);
  const note = `of ${sockets.length} more connections ${refused} are ended at once; a new one is served ${seconds(performance.now() - leftAt)} after they leave`;
  await load.stop();
  return { ...stage.balance(), note };
}

async function isServed({ url }: GatewayProcess, path: string): Promise<boolean> {
  const reply = await fetch(url + path, { headers: { connection: 'close' } }).catch(() => undefined);
  await reply?.arrayBuffer();
  return reply?.status === 200;
}

const HEAP_MEGABYTES = 256;

/** Calls of HTTP/2 whose heads are as large as may be, to an upstream that does not answer. */
async function smallHeap(stage: Stage) {
  const upstream = await stage.upstream();
  const [path, hold] = ['/test.ledger.Ledger/Read', new Promise<never>(() => {})];
  const gateway = await start(stage, ['--proto', proto, '--upstream', upstream.target], {
    nodeArgs: [`--max-old-space-size=${HEAP_MEGABYTES}`],
  });
  upstream.script(path, () => hold);
  const sessions: ClientHttp2Session[] = [];
  stage.after(() => {
    for (const session of sessions) session.destroy();
  });
  let shed = 0;
  let held = 0;
  while (shed < 100) {
    const session = connectHttp2(gateway.url).on('error', () => {});
    sessions.push(session);
    for (let index = 0; index < 100; index++) {
      const stream = session.request({ ':path': entry, 'x-large': String(index).padEnd(14_000, 'x') });
      held++;
      stream.on('error', () => {});
      stream.once('response', (headers) => {
        if (headers[':status'] === 503 && headers['retry-after'] === '1') shed++;
        stream.close();
      });
    }
    assert.ok(
      await Promise.race([sleep(50).then(() => true), gateway.exitCode.then(() => false)]),
      'it is still there',
    );
  }
  upstream.script(path, { messages: [new Uint8Array()] });
  for (const session of sessions) session.destroy();
  const leftAt = performance.now();
  while (!(await isServed(gateway, entry))) await sleep(20);
  return {
    note: `with a heap of ${HEAP_MEGABYTES} MB calls are 503 when ${held} are open, and served ${seconds(performance.now() - leftAt)} after their clients leave`,
  };
}
