/** The last failed call of each method and code, for whoever asks why calls fail. Nothing of a request's path, query, headers or body is in it. */
import type { Rpc, RpcOutcome } from '../../gateway/hooks.ts';
import { requestIdOf } from '../../gateway/request-id.ts';
import { traceIdOf } from '../../gateway/trace-id.ts';
import type { StatusError } from '../../status/status-error.ts';
import { cutText } from './cut-text.ts';

export interface Example {
  readonly method: string;
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly message: string;
  readonly protocol: string;
  /** The rule as it is written: `GET /v1/{name=shelves/*}`; undefined in other protocols than REST. */
  readonly route: string | undefined;
  readonly durationMs: number;
  /** The upstream was called; else the gateway refused the call. */
  readonly isFromUpstream: boolean;
  /** To find the call in logs and traces. */
  readonly requestId: string | undefined;
  readonly traceId: string | undefined;
}

/** Methods and codes of which one is kept. */
export const MAX_EXAMPLES = 512;

/** One that is younger stays, so that a flood of errors costs little. */
const FRESH_MS = 1_000;

export class Examples {
  readonly #now: () => number;
  readonly #isWhole: boolean;
  /** The oldest first. */
  readonly #examples: Map<string, Example> = new Map();

  /** With `isWhole` messages are kept as they are. */
  constructor(now: () => number, isWhole: boolean) {
    this.#now = now;
    this.#isWhole = isWhole;
  }

  keep(rpc: Rpc, error: StatusError, outcome: RpcOutcome): void {
    const at = this.#now();
    const key = exampleKey(rpc.method.fullName, error.codeName);
    const before = this.#examples.get(key);
    if (before !== undefined && Math.abs(at - before.at) < FRESH_MS) return;
    this.#examples.delete(key);
    this.#examples.set(key, exampleOf(rpc, error, outcome, { at, isWhole: this.#isWhole }));
    if (this.#examples.size <= MAX_EXAMPLES) return;
    for (const [oldest] of this.#examples) return void this.#examples.delete(oldest);
  }

  list(): readonly Example[] {
    return [...this.#examples.values()];
  }
}

export function exampleKey(method: string, code: string): string {
  return `${method} ${code}`;
}

function exampleOf(
  { method, protocol, binding, request }: Rpc,
  { codeName: code, message }: StatusError,
  { durationMs, upstreamMs }: RpcOutcome,
  { at, isWhole }: { readonly at: number; readonly isWhole: boolean },
): Example {
  const [requestId, traceId] = [requestIdOf(request.headers), traceIdOf(request.headers)];
  return {
    method: method.fullName,
    code,
    at,
    message: cutText(isWhole ? message : plainWords(message), 300),
    protocol,
    route: binding && `${binding.httpMethod} ${binding.path}`,
    durationMs,
    isFromUpstream: upstreamMs !== undefined,
    requestId: requestId && cutText(requestId),
    traceId: traceId && cutText(traceId),
  };
}

/**
 * A message without what may be somebody's data: what is quoted, and every word that is not of letters alone, or long, is an ellipsis.
 *
 * `no book "Dune" in shelves/7: try later` → `no book … in … try later`
 */
export function plainWords(message: string): string {
  const unquoted = message.slice(0, 1000).replace(/"[^"]*"?|'[^']*'?|`[^`]*`?|“[^”]*”?/g, ' … ');
  const words = unquoted.match(/\S+/g) ?? [];
  const told = words.map((word) => (/^\(?[A-Za-z]{1,16}[.,:;!?)]*$/.test(word) ? word : '…'));
  return told.join(' ').replace(/…(?: …)+/g, '…');
}
