// What a request costs: microseconds of CPU that the gateway's process uses (user and system) for each request it answers, Tandem
// beside its peers, each on one core, with the same upstream, requests and load. Throughput would mislead here, where load,
// upstream and gateway share the machine. Before a figure counts, the answers are compared.
//
//     npm run build && npm run bench [-- WORK...]     writes docs/benchmarks.md when all works are measured
//     npm run build && npm run bench:smoke            a moment of each work, Tandem alone, nothing written
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createFileRegistry, fromBinary, fromJson, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { cpuMicroseconds } from '../cpu-time.mjs';
import { floor, own, peers, startUpstream } from './gateways.mjs';
import { load } from './load.mjs';
import { answerOf, works } from './works.mjs';

const { values: flags, positionals: words } = parseArgs({
  options: { smoke: { type: 'boolean' } },
  allowPositionals: true,
});
const { rounds, seconds, warmUpSeconds } = flags.smoke
  ? { rounds: 1, seconds: 1, warmUpSeconds: 1 }
  : { rounds: 5, seconds: 3, warmUpSeconds: 3 };
// A peer that is not installed is left out.
const present = flags.smoke ? [] : peers.filter(({ isHere }) => isHere);
const gateways = [...own, ...present, floor];
const chosen = works.filter(({ name }) => words.length === 0 || words.includes(name));
const protos = resolve('bench', 'protos');
const page = join('docs', 'benchmarks.md');
const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));

/** Compiles the proto for Envoy and for the replies. */
function compileProtos() {
  const file = join(folder, 'bench.binpb');
  const imports = [`-I${protos}`, `-I${resolve('node_modules', 'google-proto-files')}`];
  execFileSync('protoc', [...imports, '--include_imports', `-o${file}`, 'bench.proto']);
  return file;
}

/** Writes the upstream's replies: a file per method, each message after its length in four bytes. */
function writeReplies(descriptorSet) {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptorSet)));
  const replies = join(folder, 'replies');
  mkdirSync(replies);
  for (const { method, type, replies: messages } of works.filter((work) => work.replies)) {
    const schema = registry.getMessage(`bench.v1.${type}`);
    const frames = messages.map((json) => {
      const bytes = Buffer.from(toBinary(schema, fromJson(schema, json)));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    });
    writeFileSync(join(replies, `bench.v1.Catalogue.${method}`), Buffer.concat(frames));
  }
  return replies;
}

/** The messages of a stream, in whichever of the usual framings: an array, or lines that may wrap them in `result`. */
function parseAnswer(text) {
  if (text.startsWith('[') || !text.trimEnd().includes('\n')) return JSON.parse(text);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map((message) => message.result ?? message);
}

/** Fails when a gateway answers anything but what the upstream sent. */
async function checkAnswer(name, url, work) {
  const init = work.body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(work.body),
  };
  const response = await fetch(url + work.target, init);
  const text = await response.text();
  assert.equal(response.status, 200, `${name}, ${work.name}: ${text}`);
  assert.deepEqual(parseAnswer(text), answerOf(work), `${name}, ${work.name}`);
}

async function measure({ url, pid }, work, loadSeconds) {
  const body = work.body && JSON.stringify(work.body);
  const before = cpuMicroseconds(pid);
  const { requests, p99 } = await load({
    url: url + work.target,
    body,
    connections: work.connections,
    seconds: loadSeconds,
    folder,
  });
  return { cost: (cpuMicroseconds(pid) - before) / requests, p99 };
}

/** All rounds of one work. The gateways take turns, so that a noisy moment meets them all. */
async function measureWork(running, work) {
  const figures = new Map(running.map(({ name }) => [name, []]));
  for (const gateway of running) {
    await checkAnswer(gateway.name, gateway.url, work);
    await measure(gateway, work, warmUpSeconds);
  }
  for (let round = 0; round < rounds; round++) {
    for (const gateway of running) figures.get(gateway.name).push(await measure(gateway, work, seconds));
  }
  return figures;
}

const medianOf = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Each of Tandem's transports beside each peer. */
const pairs = present.flatMap((peer) =>
  own.map(({ name, transport }) => ({ gateway: name, peer: peer.name, title: `${transport} / ${peer.name}` })),
);

/** One row: the median cost of each gateway with its range, then Tandem's shares of the peers. */
function costsOf(work, figures) {
  const costs = new Map([...figures].map(([name, values]) => [name, values.map(({ cost }) => cost)]));
  const cells = [...costs.values()].map((values) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return `${Math.round(medianOf(values))} (${Math.round(least)}–${Math.round(most)})`;
  });
  const shares = pairs.map(({ gateway, peer }) => medianOf(costs.get(gateway)) / medianOf(costs.get(peer)));
  return [work.name, ...cells, ...shares.map((share) => share.toFixed(2))];
}

const latenciesOf = (work, figures) => [
  work.name,
  ...[...figures.values()].map((values) => medianOf(values.map(({ p99 }) => p99)).toFixed(1)),
];

function tableOf(head, rows) {
  const all = [head, ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(all[0]), line(widths.map((width) => '-'.repeat(width))), ...all.slice(1).map(line)].join('\n');
}

function writePage(costs, latencies) {
  const [cpu] = cpus();
  const place = `Node ${process.versions.node}, ${cpus().length} cores of ${cpu.model}, ${new Date().toISOString().slice(0, 10)}.`;
  const texts = { 'end to end': `${costs}\n\n${place}`, 'tail latency': latencies };
  let text = readFileSync(page, 'utf8');
  for (const [name, table] of Object.entries(texts)) {
    const marks = new RegExp(`(<!-- ${name}: npm run bench -->\n).*(<!-- end of ${name} -->)`, 's');
    text = text.replace(marks, (_, start, end) => `${start}\n${table}\n\n${end}`);
  }
  writeFileSync(page, text);
}

const started = [];
try {
  if (!existsSync(join('.cache', 'bench', 'bin', 'upstream')))
    execFileSync('bash', ['bench/peers/install', 'upstream'], { stdio: 'inherit' });
  const descriptorSet = compileProtos();
  const upstream = await startUpstream(writeReplies(descriptorSet));
  started.push(upstream);
  const running = [];
  for (const { name, start } of gateways) {
    const gateway = await start({ target: upstream.match[1], protos, descriptorSet, folder });
    started.push(gateway);
    running.push({ name, ...gateway });
  }
  const rows = { costs: [], latencies: [] };
  for (const work of chosen) {
    const figures = await measureWork(running, work);
    rows.costs.push(costsOf(work, figures));
    rows.latencies.push(latenciesOf(work, figures));
  }
  const names = gateways.map(({ name }) => name);
  const costs = tableOf(['work', ...names, ...pairs.map(({ title }) => title)], rows.costs);
  const latencies = tableOf(['work', ...names], rows.latencies);
  console.log(
    `µs of CPU per request, median (range) of ${rounds}\n\n${costs}\n\np99 in ms, median of ${rounds}\n\n${latencies}`,
  );
  if (chosen.length === works.length && present.length === peers.length) writePage(costs, latencies);
} finally {
  for (const { stop } of started.reverse()) await stop();
  rmSync(folder, { recursive: true, force: true });
}
