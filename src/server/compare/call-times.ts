/** How the time of a call inside the gateway is spent, seen by its hooks. */
import type { PreparedCall, Protocol } from '../../compare/prepared-call.ts';
import type { OutgoingCall, Rpc, RpcHooks } from '../../gateway/hooks.ts';
import { CallMark } from './call-mark.ts';

/** Milliseconds of one call. What came before the first hook and behind the last one is not in here. */
export interface CallTimes {
  /** Reading the request: until the call goes upstream. */
  readonly bindMs: number;
  /** Until the upstream's last message was there. */
  readonly upstreamMs: number;
  /** Until the answer was ready to be sent. */
  readonly renderMs: number;
}

/** Watches the calls of one comparison. */
export class CallWatch implements RpcHooks {
  readonly #mark = new CallMark();
  readonly #times = new Map<string, CallTimes[]>();

  /** The call with the mark by which it is known. */
  marked<Call extends PreparedCall>(call: Call): Call {
    return this.#mark.marked(call, call.protocol);
  }

  /** Of each call over a protocol, in their order. */
  timesOf(protocol: Protocol): readonly CallTimes[] {
    return this.#times.get(protocol) ?? [];
  }

  beforeBind(rpc: Rpc): void {
    const protocol = this.#mark.labelOf(rpc);
    if (protocol === undefined) return;
    rpc.values.set(this, { protocol, beginMs: performance.now() } satisfies Marks);
  }

  beforeSend(rpc: Rpc, call: OutgoingCall): void {
    const marks = this.#marksOf(rpc);
    if (marks === undefined) return;
    this.#mark.hide(call);
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
