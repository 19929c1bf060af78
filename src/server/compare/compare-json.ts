/** A comparison as the page shows it: with every byte, and what each of them means. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { annotateWire } from '../../compare/annotate-wire.ts';
import type { Comparison, SeenCall } from '../../compare/compare-once.ts';
import type { GrpcAnswer, HttpAnswer, Piece, PreparedCall, Protocol } from '../../compare/prepared-call.ts';
import { type Answer, type AnswerMessage, answerValue, type ReadContext } from '../../compare/read-answer.ts';
import type { MessageDescriptor } from '../../schema/descriptors.ts';
import type { CallTimes } from './call-times.ts';

/** Bytes of one direction that the page is shown; what is more is only counted. */
const SHOWN_BYTES = 64 * 1024;
/** A body of which it is told what gzip would make of it. */
const GZIPPED_BYTES = 1024 * 1024;
/** Messages whose fields the page is shown. */
const SHOWN_MESSAGES = 20;

/** Plain data for the page. */
export function comparisonJson(
  { results, differences }: Comparison,
  context: ReadContext,
  times: ReadonlyMap<Protocol, CallTimes | undefined>,
): unknown {
  return {
    results: results.map(({ protocol, prepared, cold, warm, problem }) => {
      const show = (call: SeenCall | undefined): unknown =>
        call && callJson(call, prepared, context, times.get(protocol));
      return { protocol, cold: show(cold), warm: show(warm), problem };
    }),
    differences,
  };
}

function callJson(call: SeenCall, prepared: PreparedCall, context: ReadContext, inside: CallTimes | undefined): object {
  const { performed, answer, request, response, frames } = call;
  const { connectMs, firstByteMs, totalMs, reply } = performed;
  const { input, output } = context.method;
  const requests = 'path' in prepared ? prepared.messages.slice(0, SHOWN_MESSAGES) : [];
  return {
    ...answer,
    messages: answer.messages.slice(0, SHOWN_MESSAGES).map((one) => messageJson(one, output, context)),
    count: answer.messages.length,
    said: saidBy(answer),
    times: answer.messages.map(({ atMs }) => atMs),
    headers: reply.headers,
    trailers: reply.trailers,
    timing: { connectMs, firstByteMs, totalMs, inside },
    bytes: { request, response },
    gzipped: { request: gzippedLength(requestBody(prepared)), response: gzippedLength(responseBody(reply)) },
    frames,
    sent: shownBytes(performed.sent),
    received: shownBytes(performed.received),
    requests: requests.map((bytes) => bytesJson(bytes, input, context)),
  };
}

/** A word for all that an answer says: the same for the same answer. */
export function saidBy(answer: Answer): string {
  return createHash('sha256')
    .update(JSON.stringify(answerValue(answer)))
    .digest('base64url');
}

const requestBody = (prepared: PreparedCall): readonly Uint8Array[] =>
  'path' in prepared ? prepared.messages : [prepared.body];

const responseBody = (reply: HttpAnswer | GrpcAnswer): readonly Uint8Array[] =>
  (reply.kind === 'grpc' ? reply.messages : reply.pieces).map(({ bytes }) => bytes);

/** What gzip would make of a body; undefined of one that would hold up others. */
function gzippedLength(parts: readonly Uint8Array[]): number | undefined {
  const body = Buffer.concat(parts);
  return body.length > GZIPPED_BYTES ? undefined : body.length === 0 ? 0 : gzipSync(body).length;
}

/** A message with its bytes. */
export function messageJson(
  { atMs, wire, value }: AnswerMessage,
  type: MessageDescriptor,
  context: ReadContext,
): object {
  return { atMs, value, ...(wire && { wire: bytesJson(wire, type, context) }) };
}

/** A message's bytes with their fields. */
function bytesJson(bytes: Uint8Array, type: MessageDescriptor, { codec }: Pick<ReadContext, 'codec'>): object {
  const shown = bytes.subarray(0, SHOWN_BYTES);
  const fields = annotateWire(bytes, type, codec.schema);
  return { base64: base64(shown), length: bytes.length, fields: fields.filter(({ start }) => start < SHOWN_BYTES) };
}

function shownBytes(pieces: readonly Piece[]): object {
  const all = Buffer.concat(pieces.map(({ bytes }) => bytes));
  return { base64: base64(all.subarray(0, SHOWN_BYTES)), length: all.length };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
