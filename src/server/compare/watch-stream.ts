/** Streams over gRPC for a browser, which cannot speak it, and what the gateway has been given of each stream, so that it can be seen where one waits. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PreparedGrpc } from '../../compare/prepared-call.ts';
import { streamMessages } from '../../compare/stream-messages.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { OutgoingCall, Rpc, RpcHooks } from '../../gateway/hooks.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { CallMark } from './call-mark.ts';
import { objectOf, readCompareRequest, textOf } from './compare-request.ts';
import { admit, subjectOf } from './compare-subject.ts';

/** Between two lines that tell what the upstream has given. */
const TOLD_MS = 200;
/** No call is watched longer. */
const WATCHED_MS = 300_000;
/** What a slow reader waits after each message. */
const SLOW_MS = 200;

/**
 * Answers with a line of JSON for each message and for the end, of gRPC by the gateway and straight to the upstream: in one answer, since browsers
 * open six connections and no more. The first line has the mark by which calls of the page's own are counted as well; lines between tell of all marked
 * calls what the upstream has given. It goes on until the request is closed, which cancels the calls, or for five minutes.
 */
export async function watchStreams(
  gateway: Gateway,
  watches: StreamWatches,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const wanted = readCompareRequest(request);
  const { context, calls } = subjectOf(gateway, wanted, request);
  if (!context.method.isServerStreaming)
    throw StatusError.invalidField('method', 'has one reply, not a stream of them');
  const isSlow = objectOf(request.body, '')['slow'] === true;
  await admit(gateway, wanted, request);
  const controller = new AbortController();
  const { signal } = controller;
  const watch = new StreamWatch();
  const mark = watch.mark.textOf('');
  watches.set(mark, watch);
  const unwatch = gateway.addHooks(watch);
  const lines = new PassThrough();
  lines.setMaxListeners(0);
  const tellGiven = setInterval(() => write(lines, { kind: 'given', counts: watch.counts() }), TOLD_MS);
  const ending = setTimeout(() => lines.end(), WATCHED_MS);
  reply.raw.once('close', () => {
    clearInterval(tellGiven);
    clearTimeout(ending);
    watches.delete(mark);
    unwatch();
    controller.abort();
    lines.destroy();
  });
  const native = [...calls.values()].filter((call) => 'path' in call);
  write(lines, { kind: 'begin', mark, protocols: native.map(({ protocol }) => protocol) });
  for (const call of native) {
    void follow(lines, watch.mark.marked(call, call.protocol), { signal, isSlow });
  }
  return reply.type('application/x-ndjson').send(lines);
}

/** Those that go on, by their marks. */
export type StreamWatches = Map<string, StreamWatch>;

/** What the upstream has given until now: of a call that has ended all of it, where the last line may have been written before. */
export function givenOf(watches: StreamWatches, request: FastifyRequest): unknown {
  const counts = watches.get(textOf(objectOf(request.body, '')['mark'], 'mark'))?.counts();
  if (counts === undefined) throw new StatusError(GrpcCode.NOT_FOUND, 'these streams are no longer watched');
  return counts;
}

/** Counts what the upstream gives for each marked call. */
class StreamWatch implements RpcHooks {
  readonly mark: CallMark = new CallMark();
  readonly #given = new Map<string, { readonly messages: number; readonly bytes: number }>();

  counts(): object {
    return Object.fromEntries(this.#given);
  }

  beforeBind(rpc: Rpc): void {
    const label = this.mark.labelOf(rpc);
    if (label !== undefined) rpc.values.set(this, label);
  }

  beforeSend(rpc: Rpc, call: OutgoingCall): void {
    if (rpc.values.has(this)) this.mark.hide(call);
  }

  onReplyMessage(rpc: Rpc, message: Uint8Array): void {
    const label = rpc.values.get(this);
    if (typeof label !== 'string') return;
    const { messages, bytes } = this.#given.get(label) ?? { messages: 0, bytes: 0 };
    this.#given.set(label, { messages: messages + 1, bytes: bytes + message.length });
  }
}

async function follow(
  lines: PassThrough,
  call: PreparedGrpc,
  { signal, isSlow }: { readonly signal: AbortSignal; readonly isSlow: boolean },
): Promise<void> {
  const { protocol } = call;
  const startMs = performance.now();
  try {
    for await (const { atMs, bytes } of streamMessages(call, signal)) {
      const isTaken = write(lines, { kind: 'message', protocol, atMs: atMs - startMs, bytes: bytes.length });
      if (!isTaken) await once(lines, 'drain', { signal });
      if (isSlow) await pause(SLOW_MS, undefined, { signal });
    }
    write(lines, { kind: 'end', protocol, code: 'OK', message: '' });
  } catch (error) {
    const { codeName: code, message } = StatusError.from(error);
    if (!signal.aborted) write(lines, { kind: 'end', protocol, code, message });
  }
}

/** False when the reader has enough for now. */
function write(lines: PassThrough, line: object): boolean {
  return !lines.writable || lines.write(`${JSON.stringify(line)}\n`);
}
