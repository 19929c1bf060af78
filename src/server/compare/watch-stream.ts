/** A stream over gRPC for a browser, which cannot speak it: when each message came. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PreparedGrpc } from '../../compare/prepared-call.ts';
import { streamMessages } from '../../compare/stream-messages.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { StatusError } from '../../status/status-error.ts';
import { readCompareRequest } from './compare-request.ts';
import { admit, subjectOf } from './compare-subject.ts';

/**
 * Answers with a line of JSON for each message and for the end, of gRPC by the gateway and straight to the upstream: in one answer, since browsers
 * open six connections and no more. Closing the request cancels the calls, reading slowly holds them back.
 */
export async function watchStreams(
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const wanted = readCompareRequest(request);
  const { context, calls } = subjectOf(gateway, wanted, request);
  if (!context.method.isServerStreaming)
    throw StatusError.invalidField('method', 'has one reply, not a stream of them');
  await admit(gateway, wanted, request);
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  const lines = new PassThrough();
  lines.setMaxListeners(0);
  const native = [...calls.values()].filter((call) => 'path' in call);
  void Promise.all(native.map((call) => tell(lines, call, controller.signal))).finally(() => lines.end());
  return reply.type('application/x-ndjson').send(lines);
}

async function tell(lines: PassThrough, call: PreparedGrpc, signal: AbortSignal): Promise<void> {
  const { protocol } = call;
  const startMs = performance.now();
  const write = async (line: object): Promise<void> => {
    if (lines.write(`${JSON.stringify({ protocol, ...line })}\n`)) return;
    await once(lines, 'drain', { signal }).catch(() => {});
  };
  try {
    for await (const { atMs, bytes } of streamMessages(call, signal)) {
      await write({ kind: 'message', atMs: atMs - startMs, bytes: bytes.length });
    }
    await write({ kind: 'end', code: 'OK', message: '' });
  } catch (error) {
    const { codeName: code, message } = StatusError.from(error);
    if (!signal.aborted) await write({ kind: 'end', code, message });
  }
}
