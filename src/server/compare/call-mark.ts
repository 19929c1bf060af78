/** A header by which the calls of one comparison are known to hooks, and that no upstream sees. */
import { randomUUID } from 'node:crypto';
import type { PreparedCall } from '../../compare/prepared-call.ts';
import type { OutgoingCall, Rpc } from '../../gateway/hooks.ts';

const headerName = 'x-tandem-comparison';

export class CallMark {
  readonly #key = randomUUID();

  /** What the header of a call holds. */
  textOf(label: string): string {
    return `${this.#key} ${label}`;
  }

  /** The call with its mark; one that leaves out the gateway as it is. */
  marked<Call extends PreparedCall>(call: Call, label: string): Call {
    if (call.protocol === 'grpc-direct') return call;
    const mark = [headerName, this.textOf(label)] as const;
    return 'origin' in call
      ? { ...call, headers: [...call.headers, mark] }
      : { ...call, metadata: [...call.metadata, mark] };
  }

  /** The label of a call of this comparison. */
  labelOf({ request }: Rpc): string | undefined {
    const [key, label] = String(request.headers[headerName] ?? '').split(' ');
    return key === this.#key ? label : undefined;
  }

  /** Takes the mark from what goes upstream. */
  hide(call: OutgoingCall): void {
    call.metadata = call.metadata.filter(([name]) => name !== headerName);
  }
}
