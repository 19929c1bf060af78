/** The same call over several protocols, one after the other, with everything that can be seen of it. */
import { createCaller } from './callers.ts';
import { diffJson } from './diff-json.ts';
import { type FrameView, framesOf } from './http2-frames.ts';
import type { Performed, PreparedCall, Protocol } from './prepared-call.ts';
import { type Answer, answerValue, type ReadContext, readAnswer } from './read-answer.ts';
import type { ReasonedDifference } from './schema-reasons.ts';

/** Bytes of one direction of a call. */
export interface SideBytes {
  /** Start line, headers and trailers; with HTTP/1.1 also the framing of chunks. */
  readonly head: number;
  /** What carries the message, with the protocol's own framing of it. */
  readonly body: number;
  /** What HTTP/2 says besides: settings, windows, pings. */
  readonly control: number;
}

export interface SeenCall {
  readonly performed: Performed;
  readonly answer: Answer;
  readonly request: SideBytes;
  readonly response: SideBytes;
  /** None with HTTP/1.1. */
  readonly frames: readonly FrameView[];
}

export interface ProtocolResult {
  readonly protocol: Protocol;
  readonly prepared: PreparedCall;
  /** The first call on a new connection, and the next one on the same; undefined when there was no answer. */
  readonly cold: SeenCall | undefined;
  readonly warm: SeenCall | undefined;
  /** Why there was no answer. */
  readonly problem: string | undefined;
}

export interface AnswerDifference {
  /** Of these the second one's answer differs from the first one's. */
  readonly protocols: readonly [Protocol, Protocol];
  readonly differences: readonly ReasonedDifference[];
}

export interface Comparison {
  readonly results: readonly ProtocolResult[];
  /** Empty when all answers are the same. */
  readonly differences: readonly AnswerDifference[];
  /** Of two schemas: what only the second one has, which is no difference to who knows the first. */
  readonly additions?: readonly AnswerDifference[];
}

export interface CompareOptions {
  /** Certificate authorities of the gateway, PEM, when they are none that the system knows. */
  readonly ca?: string | undefined;
  /** Methods that change something are called once: without the second call. */
  readonly isOnce: boolean;
}

/** Never rejects for a protocol that fails: its result says why. */
export async function compareOnce(
  calls: Iterable<PreparedCall>,
  context: ReadContext,
  options: CompareOptions,
): Promise<Comparison> {
  const results: ProtocolResult[] = [];
  for (const prepared of calls) results.push(await callOver(prepared, context, options));
  return { results, differences: differencesOf(results) };
}

async function callOver(
  prepared: PreparedCall,
  context: ReadContext,
  { ca, isOnce }: CompareOptions,
): Promise<ProtocolResult> {
  const caller = createCaller(prepared, { isKeeping: true, ca });
  const { protocol } = prepared;
  let cold: SeenCall | undefined;
  try {
    cold = seen(prepared, await caller.call(), context);
    const warm = isOnce ? undefined : seen(prepared, await caller.call(), context);
    return { protocol, prepared, cold, warm, problem: undefined };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { protocol, prepared, cold, warm: undefined, problem };
  } finally {
    await caller.close();
  }
}

function seen(prepared: PreparedCall, performed: Performed, context: ReadContext): SeenCall {
  const answer = readAnswer(performed, context);
  if ('path' in prepared) {
    const frames = framesOf(performed);
    const [request, response] = (['sent', 'received'] as const).map((direction) => frameBytes(frames, direction));
    return { performed, answer, frames, request: request as SideBytes, response: response as SideBytes };
  }
  const { reply } = performed;
  const bodyBytes = reply.kind === 'http' ? sum(reply.pieces) : 0;
  const side = (total: number, body: number): SideBytes => ({ head: total - body, body, control: 0 });
  return {
    performed,
    answer,
    frames: [],
    request: side(sum(performed.sent), prepared.body.length),
    response: side(sum(performed.received), bodyBytes),
  };
}

function frameBytes(frames: readonly FrameView[], direction: FrameView['direction']): SideBytes {
  const bytesOf = (isWanted: (type: string) => boolean): number =>
    frames
      .filter((frame) => frame.direction === direction && isWanted(frame.type))
      .reduce((total, { bytes }) => total + bytes, 0);
  const isHead = (type: string): boolean => type === 'HEADERS' || type === 'CONTINUATION';
  return {
    head: bytesOf(isHead),
    body: bytesOf((type) => type === 'DATA'),
    control: bytesOf((type) => !isHead(type) && type !== 'DATA'),
  };
}

function sum(pieces: readonly { readonly bytes: Uint8Array }[]): number {
  return pieces.reduce((total, { bytes }) => total + bytes.length, 0);
}

/** All are compared with the first that has an answer. */
function differencesOf(results: readonly ProtocolResult[]): readonly AnswerDifference[] {
  const [first, ...others] = results.filter(({ cold }) => cold !== undefined);
  return others.flatMap((other) => {
    const differences = diffJson(shown(first), shown(other));
    return differences.length === 0 || first === undefined
      ? []
      : [{ protocols: [first.protocol, other.protocol] as const, differences }];
  });
}

function shown(result: ProtocolResult | undefined): unknown {
  return result?.cold && answerValue(result.cold.answer);
}
