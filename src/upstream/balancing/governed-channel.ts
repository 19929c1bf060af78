/**
 * A channel whose calls keep to what is configured for their methods: timeouts and retries.
 */
import type { BeginCall, CallHandler, TransportCall } from '../calls.ts';
import type { Channel } from '../channel.ts';
import type { CallOptions, TransportState } from '../transport.ts';
import { compileMethodPolicies, type MethodConfig, type MethodPolicy } from './method-policies.ts';
import type { RetryBudget, RetryPolicy } from './retry-policy.ts';
import { type RetryContext, RetryingCall } from './retrying-call.ts';

export interface CallPolicies {
  /** Of idempotent calls whose methods have none of their own. */
  readonly retry?: RetryPolicy | undefined;
  readonly methodConfig?: readonly MethodConfig[] | undefined;
}

/** The channel with these policies in front of it; all retries take from one budget. */
export function governedChannel(channel: Channel, policies: CallPolicies, budget: RetryBudget): Channel {
  return new GovernedChannel(channel, policies, budget);
}

class GovernedChannel implements Channel {
  readonly target: string;
  readonly #channel: Channel;
  readonly #policyOf: ((path: string) => MethodPolicy | undefined) | undefined;
  readonly #retry: RetryContext | undefined;
  readonly #budget: RetryBudget;
  readonly #begin: BeginCall;

  constructor(channel: Channel, { retry, methodConfig = [] }: CallPolicies, budget: RetryBudget) {
    this.target = channel.target;
    this.#channel = channel;
    this.#policyOf = compileMethodPolicies(methodConfig);
    this.#budget = budget;
    this.#begin = (options, handler) => channel.begin(options, handler);
    this.#retry = retry && { begin: this.#begin, policy: retry, budget };
  }

  begin(options: CallOptions, handler: CallHandler): TransportCall {
    return this.#begin(inTime(options, this.#policyOf?.(options.path)), handler);
  }

  beginUnary(options: CallOptions, handler: CallHandler): TransportCall {
    const own = this.#policyOf?.(options.path);
    const timed = inTime(options, own);
    const retry = own?.retry
      ? { begin: this.#begin, policy: own.retry, budget: this.#budget }
      : options.isIdempotent && this.#retry;
    return retry ? new RetryingCall(retry, timed, handler) : this.#begin(timed, handler);
  }

  get state(): TransportState {
    return this.#channel.state;
  }

  get addresses(): Channel['addresses'] {
    return this.#channel.addresses;
  }

  connect(): void {
    this.#channel.connect();
  }

  onStateChange(listener: (state: TransportState) => void): () => void {
    return this.#channel.onStateChange(listener);
  }

  close(): void {
    this.#channel.close();
  }
}

function inTime(options: CallOptions, policy: MethodPolicy | undefined): CallOptions {
  if (policy?.timeoutMs === undefined) return options;
  return { ...options, deadline: Math.min(options.deadline, performance.now() + policy.timeoutMs) };
}
