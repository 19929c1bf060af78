/** Who calls: by identity, network, agent and protocol. Bounded, however many there are: those who call most are kept. */
import type { Rpc } from '../../gateway/hooks.ts';
import { addressPrefix } from '../../security/address-prefix.ts';
import { identityOf } from '../../security/identity.ts';
import { headerText } from '../../transcode/exchange.ts';
import { cutText } from './cut-text.ts';

/** What tells callers apart. */
interface About {
  /** Who it has proved to be; undefined for anonymous callers. */
  readonly subject: string | undefined;
  /** `203.0.113.0/24`, `2001:db8:1:2::/64`; undefined where there is no connection. */
  readonly network: string | undefined;
  /** Name and version of the program, `curl/8.5.0`; of a browser its name. */
  readonly agent: string | undefined;
  readonly protocol: string;
}

/** One kind of caller. */
export interface Caller extends About {
  calls: number;
  errors: number;
  /** Milliseconds since 1970. */
  lastAt: number;
}

/** Kinds of callers that are told apart at a time; of a slot and of all. */
export const MAX_CALLERS = 256;

/** Characters of a subject that are kept. */
const MAX_SUBJECT = 100;

/** What is older than an hour goes in slots of this size. */
const SLOT_MS = 600_000;
const slotCount = 7;

interface Slot {
  readonly at: number;
  readonly callers: Map<string, Caller>;
}

export class Callers {
  readonly #now: () => number;
  #slots: readonly Slot[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  count(rpc: Rpc, isError: boolean): void {
    const { callers } = this.#slot();
    const about = aboutOf(rpc);
    let caller = callers.get(keyOf(about));
    if (caller === undefined) {
      if (callers.size >= MAX_CALLERS) callers.delete(leastOf(callers));
      caller = { ...about, agent: about.agent && cutText(about.agent), calls: 0, errors: 0, lastAt: 0 };
      callers.set(keyOf(caller), caller);
    }
    caller.calls++;
    caller.errors += Number(isError);
    caller.lastAt = this.#now();
  }

  /** Of the last hour. */
  list(): readonly Caller[] {
    this.#slot();
    return joinCallers(this.#slots.map(({ callers }) => [...callers.values()]));
  }

  #slot(): Slot {
    const at = Math.floor(this.#now() / SLOT_MS) * SLOT_MS;
    const last = this.#slots.at(-1);
    if (last !== undefined && last.at >= at) return last;
    const slot = { at, callers: new Map() };
    this.#slots = [...this.#slots, slot].filter((each) => each.at > at - slotCount * SLOT_MS);
    return slot;
  }
}

/** Adds up the same callers of several lists; those who call most come first, and no more than MAX_CALLERS. */
export function joinCallers(lists: readonly (readonly Caller[])[]): readonly Caller[] {
  const joined = new Map<string, Caller>();
  for (const caller of lists.flat()) {
    const known = joined.get(keyOf(caller));
    if (known === undefined) joined.set(keyOf(caller), { ...caller });
    else {
      known.calls += caller.calls;
      known.errors += caller.errors;
      known.lastAt = Math.max(known.lastAt, caller.lastAt);
    }
  }
  return [...joined.values()].sort((one, other) => other.calls - one.calls).slice(0, MAX_CALLERS);
}

/** Of those who have called least the one that came first. */
function leastOf(callers: ReadonlyMap<string, Caller>): string {
  let [least, calls] = ['', Number.POSITIVE_INFINITY];
  for (const [key, caller] of callers) if (caller.calls < calls) [least, calls] = [key, caller.calls];
  return least;
}

function aboutOf(rpc: Rpc): About {
  const subject = identityOf(rpc)?.subject;
  return {
    subject: subject && cutText(subject, MAX_SUBJECT),
    network: rpc.client && networkOf(rpc.client.address),
    agent: agentOf(headerText(rpc.request.headers['user-agent']) ?? ''),
    protocol: rpc.protocol,
  };
}

/** A subject, which may be any text, comes last; the others have no space. */
function keyOf({ subject, network, agent, protocol }: About): string {
  return `${protocol} ${network} ${agent}${subject === undefined ? '' : ` ${subject}`}`;
}

function networkOf(address: string): string {
  const prefix = addressPrefix(address);
  return prefix.includes(':') ? `${prefix}::/64` : prefix.replace(/\.\d+$/, '.0/24');
}

const browsers = ['Edg', 'Firefox', 'Chrome', 'Safari'];

/** `curl/8.5.0` → itself, `Mozilla/5.0 (…) Gecko/20100101 Firefox/140.0` → `Firefox`. */
function agentOf(text: string): string | undefined {
  if (text.startsWith('Mozilla/')) return browsers.find((name) => text.includes(`${name}/`)) ?? 'Mozilla';
  return /^[\w.+-]{1,40}(?:\/[\w.+-]{1,20})?(?= |$)/.exec(text)?.[0];
}
