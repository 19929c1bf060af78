/** Upstreams that answer nonsense: an error of the right status each time, and the connection goes on. */
import assert from 'node:assert/strict';
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { bodyBytes, grpcHeaders, hangUp, noTrailers, raw, reset, webPage } from '../upstreams/faults.ts';
import { frame, type RawScript, type Script } from '../upstreams/scripted-upstream.ts';
import { pathOf, writeEntry } from './ledger-upstream.ts';
import { type Fault, type Stage, until } from './stage.ts';

export const nonsenseFaults: readonly Fault[] = [{ name: 'an upstream that answers nonsense', run: nonsense }];

const entry = writeEntry('id', 'text', 1);
const ok = { 'grpc-status': '0' };
const head = (flag: number, length: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(length, 1);
  bytes[0] = flag;
  return bytes;
};
/** A message as it is, with this flag. */
const flagged = (flag: number, message: Uint8Array): Buffer => Buffer.concat([head(flag, message.length), message]);
/** Trailers-Only. */
const statusOnly = (headers: OutgoingHttpHeaders): RawScript =>
  raw((stream) => stream.respond({ ...grpcHeaders, ...headers }, { endStream: true }));
const trailers = (headers: OutgoingHttpHeaders): RawScript => bodyBytes([frame(entry)], headers);
const message = (...bytes: number[]): RawScript => bodyBytes([frame(Uint8Array.from(bytes))]);
const page = (contentType: OutgoingHttpHeaders): RawScript =>
  raw((stream) => {
    stream.respond({ ':status': 200, ...contentType });
    stream.end('<html>');
  });
const headersThen = (act: RawScript): RawScript =>
  raw((stream, headers) => {
    stream.respond(grpcHeaders);
    setImmediate(() => void act.raw(stream, headers));
  });
const messageThen = (act: RawScript): RawScript =>
  raw((stream, headers) => {
    stream.respond(grpcHeaders);
    stream.write(frame(entry), () => setImmediate(() => void act.raw(stream, headers)));
  });

/** `no connection`: it does not outlive the answer. */
type Row = readonly [name: string, script: Script, status: number, more?: 'no connection'];

const pages: readonly Row[] = (
  [[400, 500], [401, 401], [403, 403], [404, 501], [418, 500], [429, 503], [500, 500], [502, 503], [503, 503], [504, 503], [301, 500]] as const
).map(([status, expected]): Row => [`a page with ${status}`, webPage(status), expected]); // biome-ignore format: a table

const { NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_INADEQUATE_SECURITY } = constants;
const resets: readonly Row[] = (
  [
    [NGHTTP2_NO_ERROR, 500], [NGHTTP2_PROTOCOL_ERROR, 500], [NGHTTP2_INTERNAL_ERROR, 500], [NGHTTP2_REFUSED_STREAM, 503],
    [NGHTTP2_CANCEL, 499], [NGHTTP2_ENHANCE_YOUR_CALM, 429], [NGHTTP2_INADEQUATE_SECURITY, 403],
  ] as const
).map(([code, expected]): Row => [`a reset with ${code}`, reset(code), expected]); // biome-ignore format: a table

const statuses: readonly Row[] = ['99', '17', '-1', 'abc', '', '0x0', '1e3'].map(
  (status): Row => [`the status "${status}"`, statusOnly({ 'grpc-status': status }), 500],
);

const rows: readonly Row[] = [
  ...pages,
  ['a page with 200', page({ 'content-type': 'text/html' }), 500],
  ['JSON with 200', page({ 'content-type': 'application/json' }), 500],
  ['no content type', page({}), 500],
  ['text that says it is gRPC', page({ 'content-type': 'application/grpc' }), 502],
  ...statuses,
  ['no status in trailers', trailers({ 'x-nothing': '1' }), 500],
  ['OK as headers, and no message', statusOnly(ok), 500],
  ['OK, and no message', bodyBytes([]), 500],
  ['two messages', bodyBytes([frame(entry), frame(entry)]), 500],
  ['no trailers', noTrailers([entry]), 500],
  ['no trailers, no message', noTrailers([]), 500],
  ['the head of a message cut short', bodyBytes([Buffer.of(0, 0, 0)]), 500],
  ['a message cut short', bodyBytes([head(0, 100), Buffer.alloc(10)]), 500],
  ['a message of 4 GiB announced', bodyBytes([head(0, 2 ** 32 - 1), Buffer.alloc(10)]), 502],
  ['a message of 5 MiB', bodyBytes([frame(Buffer.alloc(5 << 20))]), 502],
  ['"404 Not" as a message', bodyBytes([Buffer.from('404 Not Found')]), 502],
  ['a compressed message without a coding', bodyBytes([flagged(1, gzipSync(entry))]), 500],
  ['a message of an unknown flag', bodyBytes([flagged(2, entry)]), 500],
  ['a message of an unknown coding', bodyBytes([flagged(1, entry)], ok, { 'grpc-encoding': 'zstd' }), 500],
  ['gzip that is none', bodyBytes([flagged(1, Buffer.from('gzip'))], ok, { 'grpc-encoding': 'gzip' }), 500],
  [
    'gzip cut short',
    bodyBytes([flagged(1, gzipSync(entry).subarray(0, 15))], ok, { 'grpc-encoding': 'gzip' }),
    500,
  ],
  [
    'gzip of 50 MiB in 50 KiB',
    bodyBytes([flagged(1, gzipSync(Buffer.alloc(50 << 20)))], ok, { 'grpc-encoding': 'gzip' }),
    502,
  ],
  ['protobuf: a tag cut short', message(0x80), 502],
  ['protobuf: a number without end', message(0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1), 502],
  ['protobuf: a string longer than its message', message(0x0a, 100, 65), 502],
  ['protobuf: a field of number 0', message(0x02, 1, 65), 502],
  ['protobuf: an unknown kind of field', message(0x0f, 1), 502],
  ['protobuf: the end of a group that never began', message(0x0c), 502],
  ['protobuf: a group without end', message(0x23, 0x08, 1), 502],
  ['protobuf: text that is not UTF-8', message(0x0a, 2, 0xc3, 0x28), 502],
  ['a message that is no percent-encoding', statusOnly({ 'grpc-status': '5', 'grpc-message': '%zz%' }), 404],
  ['a message with line breaks', statusOnly({ 'grpc-status': '5', 'grpc-message': 'a%0d%0ab: c' }), 404],
  ['details that are no base64', statusOnly({ 'grpc-status': '5', 'grpc-status-details-bin': '*' }), 404],
  ['details that are no protobuf', statusOnly({ 'grpc-status': '5', 'grpc-status-details-bin': '/////w' }), 404],
  ['details of another status', statusOnly({ 'grpc-status': '5', 'grpc-status-details-bin': 'CAc' }), 404],
  ...resets,
  ['a reset behind headers', headersThen(reset(NGHTTP2_INTERNAL_ERROR)), 500],
  ['a reset behind a message', messageThen(reset(NGHTTP2_INTERNAL_ERROR)), 500],
  ['the connection ends', hangUp, 503, 'no connection'],
]; // biome-ignore format: a table

async function nonsense(stage: Stage) {
  const upstream = await stage.upstream();
  const { url, gateway } = await stage.gateway({ target: upstream.target, retry: { maxAttempts: 1 } });
  // All but the reads are answered as they should be.
  const load = stage.load(url, { workers: 0 });
  for (const [name, script, status, more] of rows) {
    upstream.script(pathOf('Read'), script);
    const [session] = upstream.sessions;
    const reply = await fetch(`${url}/v1/entries/1`);
    const body = await reply.text();
    const { code, message: text } = JSON.parse(body);
    assert.deepEqual([reply.status, typeof code, typeof text], [status, 'number', 'string'], `${name}: ${body}`);
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json/);
    if (more !== 'no connection') assert.ok(session && !session.destroyed, `${name}: the connection has ended`);
    assert.equal((await load.call('write')).failure, undefined, name);
  }
  await load.stop();
  await until(() => gateway.readiness().upstreams[0]?.inFlight === 0, 'no call is left');
  return {
    ...stage.balance(),
    note: `${rows.length} kinds; each has its status, and the connection goes on where it can`,
  };
}
