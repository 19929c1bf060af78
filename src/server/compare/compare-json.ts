/** A comparison as the page shows it: with every byte, and what each of them means. */
import { annotateWire } from '../../compare/annotate-wire.ts';
import type { Comparison, SeenCall } from '../../compare/compare-once.ts';
import type { Piece, PreparedCall, Protocol } from '../../compare/prepared-call.ts';
import type { AnswerMessage, ReadContext } from '../../compare/read-answer.ts';
import type { MessageDescriptor } from '../../schema/descriptors.ts';
import type { CallTimes } from './call-times.ts';

/** Bytes of one direction that the page is shown; what is more is only counted. */
const SHOWN_BYTES = 64 * 1024;
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
  const message = 'path' in prepared ? prepared.message : undefined;
  return {
    ...answer,
    messages: answer.messages.slice(0, SHOWN_MESSAGES).map((one) => messageJson(one, output, context)),
    count: answer.messages.length,
    times: answer.messages.map(({ atMs }) => atMs),
    headers: reply.headers,
    trailers: reply.trailers,
    timing: { connectMs, firstByteMs, totalMs, inside },
    bytes: { request, response },
    frames,
    sent: shownBytes(performed.sent),
    received: shownBytes(performed.received),
    ...(message && { message: bytesJson(message, input, context) }),
  };
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
export function bytesJson(bytes: Uint8Array, type: MessageDescriptor, { codec }: Pick<ReadContext, 'codec'>): object {
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
