// Memory that long and large streams take of the gateway: it must not grow with what has passed. Fails when it does, or when a message is lost.
//
//     npm run build && npm run bench:streams            (figures of docs/benchmarks.md, about ten minutes)
//     npm run build && npm run bench:streams -- --smoke (seconds)
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import WebSocket from 'ws';
import { startTandem } from '../../scripts/start-process.mjs';
import { cpuMicroseconds } from '../cpu-time.mjs';
import { startUpstream } from './upstream.mjs';

const isSmoke = process.argv.includes('--smoke');
const messages = isSmoke ? 200_000 : 1_000_000;
const bytes = isSmoke ? 200e6 : 4e9;
const streams = isSmoke ? 100 : 1_000;
const textBytes = 1_000;
const pieceBytes = 64 * 1024;
/** Megabytes that may come on top after the first tenth: what the garbage collector leaves lying. */
const slackMB = 100;

const upstream = await startUpstream({ textBytes, pieceBytes });

const text = 'x'.repeat(textBytes);
const agent = new Agent({ maxSockets: Infinity });

function begin(url, method, path, headers = {}) {
  return httpRequest(`${url}${path}`, { method, headers, agent });
}

async function answerTo(request) {
  const [response] = await once(request, 'response');
  if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}`);
  return response;
}

/** Writes `count` times the same bytes, no faster than they are taken. */
async function writeMany(request, chunk, count, tell, each) {
  for (let written = 0; written < count; written++) {
    if (!request.write(chunk)) await once(request, 'drain');
    tell(written * each);
  }
  request.end();
}

/** Each takes the URL and a function that is told the progress, and gives what must be `expected`. */
const works = [
  {
    name: `${messages} replies as NDJSON`,
    expected: messages,
    run: async (url, tell) => {
      const request = begin(url, 'GET', '/v1/rooms/a/lines', { accept: 'application/x-ndjson', 'x-count': messages });
      request.end();
      let count = 0;
      for await (const chunk of await answerTo(request)) {
        for (const byte of chunk) if (byte === 10) count++;
        tell(count / messages);
      }
      return count;
    },
  },
  {
    name: `${messages} requests as NDJSON`,
    expected: `{"limit":${messages}}`,
    run: async (url, tell) => {
      const headers = { 'content-type': 'application/x-ndjson' };
      const request = begin(url, 'POST', '/v1/rooms/a/lines:collect', headers);
      const answer = answerTo(request);
      const perWrite = 50;
      const lines = `${JSON.stringify({ text })}\n`.repeat(perWrite);
      await writeMany(request, lines, messages / perWrite, tell, perWrite / messages);
      return String((await (await answer).toArray())[0]);
    },
  },
  {
    name: `${messages} messages both ways over a WebSocket`,
    expected: messages,
    run: async (url, tell) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/rooms/a:talk`, { perMessageDeflate: false });
      await once(socket, 'open');
      let count = 0;
      socket.on('message', () => tell(++count / messages));
      const closed = once(socket, 'close');
      const frame = JSON.stringify({ text });
      for (let sent = 0; sent < messages; sent++) {
        if (socket.bufferedAmount < 1e6) socket.send(frame);
        else await new Promise((resolve) => socket.send(frame, resolve));
      }
      socket.send('');
      await closed;
      return count;
    },
  },
  {
    name: `a download of ${bytes / 1e9} GB`,
    expected: Math.floor(bytes / pieceBytes) * pieceBytes,
    run: async (url, tell) => {
      const pieces = Math.floor(bytes / pieceBytes);
      const request = begin(url, 'GET', '/v1/rooms/a/sound', { 'x-count': pieces });
      request.end();
      let length = 0;
      for await (const chunk of await answerTo(request)) {
        length += chunk.length;
        tell(length / bytes);
      }
      return length;
    },
  },
  {
    name: `an upload of ${bytes / 1e9} GB`,
    expected: 0,
    run: async (url, tell) => {
      const request = begin(url, 'POST', '/v1/record', { 'content-type': 'application/octet-stream' });
      const answer = answerTo(request);
      const pieces = Math.floor(bytes / pieceBytes);
      await writeMany(request, Buffer.alloc(pieceBytes, 'x'), pieces, tell, 1 / pieces);
      return (await (await answer).toArray()).length;
    },
  },
  {
    name: `${streams} streams at once`,
    expected: streams * 10,
    run: async (url, tell) => {
      let count = 0;
      const one = async () => {
        const request = begin(url, 'POST', '/v1/rooms/a/lines:search', { accept: 'application/x-ndjson' });
        request.end('{}');
        for await (const chunk of await answerTo(request)) {
          for (const byte of chunk) if (byte === 10) count++;
          tell(count / streams / 10);
        }
      };
      await Promise.all(Array.from({ length: streams }, one));
      return count;
    },
  },
];

const residentMB = (pid) => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000;

/** One work in a gateway of its own, with its memory all along. */
async function measure({ name, expected, run }) {
  const { url, pid, stop } = await startTandem(['--proto', 'test/protos/rooms.proto', '--upstream', upstream.target]);
  let first = 0;
  let most = 0;
  let progress = 0;
  const sample = () => {
    const now = residentMB(pid);
    most = Math.max(most, now);
    if (progress < 0.1) first = Math.max(first, now);
  };
  const timer = setInterval(sample, 20);
  const before = { clock: performance.now(), cpu: cpuMicroseconds(pid) };
  try {
    sample();
    const result = await run(url, (part) => {
      progress = part;
    });
    sample();
    if (result !== expected) throw new Error(`${name}: ${result} instead of ${expected}`);
    const seconds = (performance.now() - before.clock) / 1000;
    return { name, seconds, cpu: (cpuMicroseconds(pid) - before.cpu) / 1e6, first, most };
  } finally {
    clearInterval(timer);
    await stop();
  }
}

const word = process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? '';
console.log('| work | seconds | of CPU | MB in the first tenth | MB at most |\n| --- | --- | --- | --- | --- |');
for (const work of works.filter(({ name }) => name.includes(word))) {
  const { name, seconds, cpu, first, most } = await measure(work);
  console.log(`| ${name} | ${seconds.toFixed(1)} | ${cpu.toFixed(1)} | ${first.toFixed(0)} | ${most.toFixed(0)} |`);
  if (most > first + slackMB) {
    console.error(`${name}: memory grew from ${first.toFixed(0)} to ${most.toFixed(0)} MB`);
    process.exitCode = 1;
  }
}
upstream.close();
agent.destroy();
