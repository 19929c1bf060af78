/** How the time of a call inside the gateway is spent, seen by its hooks. */
import { randomUUID } from 'node:crypto';
import type { PreparedCall, Protocol } from '../../compare/prepared-call.ts';
import type { Rpc, RpcHooks } from '../../gateway/hooks.ts';

/** Milliseconds of one call. What came before the first hook and behind the last one is not in here. */
export interface CallTimes {
  /** Reading the request: until the call goes upstream. */
  readonly bindMs: number;
  /** Until the upstream's last message was there. */
  readonly upstreamMs: number;
  /** Until the answer was ready to be sent. */
  readonly renderMs: number;
}

const headerName = 'x-tandem-comparison';

/** Watches the calls of one comparison, by a header that no upstream sees. */
export class CallWatch implements RpcHooks {
  readonly #key = randomUUID();
  readonly #times = new Map<string, CallTimes[]>();

  /** The calls with the mark by which they are known; those that leave out the gateway as they are. */
  marked<Call extends PreparedCall>(call: Call): Call {
    if (call.protocol === 'grpc-direct') return call;
    const mark = [headerName, `${this.#key} ${call.protocol}`] as const;
    return 'origin' in call
      ? { ...call, headers: [...call.headers, mark] }
      : { ...call, metadata: [...call.metadata, mark] };
  }

  /** Of each call over a protocol, in their order. */
  timesOf(protocol: Protocol): readonly CallTimes[] {
    return this.#times.get(protocol) ?? [];
  }

  beforeBind(rpc: Rpc): void {
    const [key, protocol] = String(rpc.request.headers[headerName] ?? '').split(' ');
    if (key !== this.#key || protocol === undefined) return;
    rpc.values.set(this, { protocol, beginMs: performance.now() } satisfies Marks);
  }

  beforeSend(rpc: Rpc, call: Parameters<NonNullable<RpcHooks['beforeSend']>>[1]): void {
    const marks = this.#marksOf(rpc);
    if (marks === undefined) return;
    call.metadata = call.metadata.filter(([name]) => name !== headerName);
    marks.sentMs = performance.now();
  }

  onReplyMessage(rpc: Rpc): void {
    const marks = this.#marksOf(rpc);
    if (marks !== undefined) marks.repliedMs = performance.now();
  }

  onEnd(rpc: Rpc): void {
    const marks = this.#marksOf(rpc);
    if (marks === undefined) return;
    const endMs = performance.now();
    const { protocol, beginMs, sentMs = endMs, repliedMs = endMs } = marks;
    const times = { bindMs: sentMs - beginMs, upstreamMs: repliedMs - sentMs, renderMs: endMs - repliedMs };
    this.#times.set(protocol, [...(this.#times.get(protocol) ?? []), times]);
  }

  #marksOf(rpc: Rpc): Marks | undefined {
    return rpc.values.get(this) as Marks | undefined;
  }
}

interface Marks {
  readonly protocol: string;
  readonly beginMs: number;
  sentMs?: number;
  repliedMs?: number;
}
