/** Clients that go, and one that hardly reads. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningServer } from '../../src/server/start-server.ts';
import { grpcHeaders, raw } from '../upstreams/faults.ts';
import { drained, frame, type RawScript, type ScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { pathOf, writeEntry } from './ledger-upstream.ts';
import { type Fault, proto, type Stage, until } from './stage.ts';

export const clientFaults: readonly Fault[] = [
  { name: 'clients gone in every phase of a call', run: goneClients },
  { name: 'a reader of 1 kB/s of an endless stream', run: slowReader },
];

const host = 'host: gateway\r\n';
const chunked = `${host}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n`;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const line = `${JSON.stringify({ id: 'a', text: 'b' })}\n`;
const watch = `GET /v1/entries/a/copies HTTP/1.1\r\n${host}accept: application/x-ndjson\r\n\r\n`;

const entry = frame(writeEntry('a', 'b', 1));
const manyEntries = frame(writeEntry('a', 'x'.repeat(64 * 1024), 1));

type Act = (stream: ServerHttp2Stream) => void | Promise<void>;
const silent: Act = (stream) => void stream.resume();
const headers: Act = (stream) => stream.respond(grpcHeaders);
const oneMessage: Act = (stream) => {
  stream.respond(grpcHeaders);
  stream.write(entry);
};
const endless: Act = async (stream) => {
  stream.respond(grpcHeaders);
  while (!stream.destroyed) if (!stream.write(manyEntries)) await drained(stream);
};

/** What a client has written when it goes, and what the upstream does then; without that it is not to be called at all. */
const phases: readonly (readonly [phase: string, written: string, act?: Act])[] = [
  ['in its headers', `GET /v1/entries/a HTTP/1.1\r\nhost: ga`],
  ['in its body', `POST /v1/entries HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: 100\r\n\r\n{`],
  ['before the reply', `GET /v1/entries/a HTTP/1.1\r\n${host}\r\n`, silent],
  ['behind the headers of the reply', `GET /v1/entries/a HTTP/1.1\r\n${host}\r\n`, headers],
  ['before the first message of a stream', watch, silent],
  ['behind the headers of a stream', watch, headers],
  ['in the middle of a stream', watch, oneMessage],
  ['in the middle of a stream that it does not read', watch, endless],
  ['in the middle of an upload', `POST /v1/entries:upload HTTP/1.1\r\n${chunked}${chunk(line)}`, silent],
  ['at the end of an upload', `POST /v1/entries:upload HTTP/1.1\r\n${chunked}${chunk(line)}0\r\n\r\n`, silent],
];

async function goneClients(stage: Stage) {
  const upstream = await stage.upstream();
  const server = await stage.gateway({ target: upstream.target });
  const latencies: number[] = [];
  for (let round = 0; round < stage.scale; round++) {
    for (const [phase, written, act] of phases) latencies.push(...(await leave(server, upstream, phase, written, act)));
  }
  const worst = Math.max(...latencies);
  assert.ok(worst < 2000, `cancelled after ${worst} ms`);
  return {
    note: `${phases.length} phases; the upstream's call is cancelled within ${worst.toFixed(0)} ms, none is left`,
  };
}

/** Milliseconds until the upstream knows; none when it was not called. */
async function leave(
  { url, gateway }: RunningServer,
  upstream: ScriptedUpstream,
  phase: string,
  written: string,
  act?: Act,
): Promise<readonly number[]> {
  const called = new Promise<ServerHttp2Stream>((resolve) => {
    const script: RawScript = raw((stream) => {
      resolve(stream);
      return act?.(stream);
    });
    for (const method of ['Read', 'Write', 'Watch', 'Upload']) upstream.script(pathOf(method), script);
  });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.pause();
  socket.write(written);
  const left = (): void => void socket.destroy();
  const open = (): number => gateway.readiness().upstreams[0]?.inFlight ?? 0;
  if (act === undefined) {
    await sleep(20);
    assert.equal(open(), 0, `${phase}: the upstream is called`);
    left();
    return [];
  }
  const stream = await called;
  // So that what it has sent is on its way.
  await sleep(20);
  assert.ok(!stream.destroyed, `${phase}: the call has ended`);
  const leftAt = performance.now();
  left();
  await until(() => stream.destroyed, `${phase}: the upstream's call ends`);
  const latency = performance.now() - leftAt;
  assert.equal(stream.rstCode, 8, `${phase}: cancelled`);
  await until(() => open() === 0, `${phase}: no call is left`);
  return [latency];
}

async function slowReader(stage: Stage) {
  const upstream = await stage.upstream();
  let sent = 0;
  let stream: ServerHttp2Stream | undefined;
  upstream.script(
    pathOf('Watch'),
    raw(async (opened) => {
      stream = opened;
      opened.respond(grpcHeaders);
      for (; !opened.destroyed; sent += manyEntries.length) if (!opened.write(manyEntries)) await drained(opened);
    }),
  );
  const gateway = await startGatewayProcess(['--proto', proto, '--upstream', upstream.target]);
  stage.after(() => gateway.signal('SIGKILL'));
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.write(watch);
  // Until all that lies between is full.
  await readSlowly(socket, 1000);
  const [before, sentBefore] = [gateway.megabytes(), sent];
  await readSlowly(socket, 1000 * stage.scale);
  const [grown, sentMB] = [gateway.megabytes() - before, (sent - sentBefore) / 1e6];
  const leftAt = performance.now();
  socket.destroy();
  await until(() => stream?.destroyed === true, 'its call ends');
  const latency = performance.now() - leftAt;
  assert.ok(sentBefore < 64e6, `${sentBefore} bytes ahead of the reader`);
  assert.ok(sentMB < 10 && grown < 50, `${grown} MB more, ${sentMB} MB sent`);
  const note = `${(sentBefore / 1e6).toFixed(1)} MB are under way at first, and with time ${sentMB.toFixed(1)} MB more`;
  return { note: `${note}; ${grown.toFixed(1)} MB more memory; its call cancelled in ${latency.toFixed(0)} ms` };
}

async function readSlowly(socket: Socket, ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(100)) socket.read(100);
}
