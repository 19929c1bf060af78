/**
 * @module The door for what an RPC passes through besides transcoding: authentication, limits, validation, metrics, and whatever a user
 * adds. Hooks see the resolved method, whichever protocol and spelling its client used.
 */
import type { Binding } from '../routing/binding.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import type { StatusError } from '../status/status-error.ts';
import type { HttpRequest, Metadata } from '../transcode/exchange.ts';
import type { AttemptWatch } from '../upstream/transport.ts';

/** How the client speaks. */
export type RpcProtocol = 'rest' | 'websocket' | 'grpc' | 'grpc-web' | 'connect';

/** Who holds the other end of the connection. */
export interface RpcClient {
  /** IP address as the server sees it, or as a trusted proxy tells it. */
  readonly address: string;
  /** As the server sees it, or as a trusted proxy tells it. */
  readonly scheme: string;
  /** Subject alternative names of the certificate that the client has proved to own, such as `DNS:a.example`; undefined without one. */
  readonly certificateNames: readonly string[] | undefined;
}

/** One call of a method, from the moment its rule is known. */
export interface Rpc {
  readonly protocol: RpcProtocol;
  readonly method: MethodDescriptor;
  /** The rule by which a REST client calls the method; undefined in the other protocols. */
  readonly binding: Binding | undefined;
  /** The request's head; `body` is of no use here, since a stream's has not yet come. */
  readonly request: Pick<HttpRequest, 'method' | 'target' | 'headers'>;
  /** Undefined where there is no connection, as in a library's own call. */
  readonly client: RpcClient | undefined;
  /** What hooks leave for each other, by a key of their own. */
  readonly values: Map<unknown, unknown>;
  /** Headers of the answer besides those that the upstream gives. `beforeBind` and `beforeSend` may add some; names are lower case. */
  readonly replyHeaders: (readonly [name: string, value: string])[];
}

/** What is about to be sent upstream. */
export interface OutgoingCall {
  /** May be replaced; names are lower case, values of `-bin` names base64. */
  metadata: Metadata;
  /** When the call must have ended, in the milliseconds of `performance.now()`. May be brought forward. */
  deadline: number;
  /** To be set by a hook that looks on while the call is tried again. */
  attempts?: AttemptWatch;
}

/** The upstream's answer as it begins. */
export interface IncomingReply {
  /** Initial metadata; may be replaced before it becomes headers. */
  headers: Metadata;
}

/** How a call ended, and what went over the wire of it as protobuf. */
export interface RpcOutcome {
  /** Undefined when it ended well. */
  readonly error: StatusError | undefined;
  /** The same, unless the upstream's one reply had come: what failed then was the gateway. */
  readonly upstreamError: StatusError | undefined;
  /** From the first hook to the end, in milliseconds. */
  readonly durationMs: number;
  /** Of these the upstream's, from when the call was sent; undefined when it never was. */
  readonly upstreamMs: number | undefined;
  /** What it took to bind the request and render the reply; undefined where either is not one message of REST, or the call failed. */
  readonly transcodeMs: number | undefined;
  /** Of the answer by HTTP, in the protocols whose answers have one. */
  readonly httpStatus: number;
  readonly requestMessages: number;
  readonly requestBytes: number;
  readonly replyMessages: number;
  readonly replyBytes: number;
}

/**
 * What may be done to each RPC. The hooks of one kind run in the order in which they were added, each after the one before has ended; one that
 * throws refuses the call: a StatusError is what the client sees, anything else is INTERNAL.
 */
export interface RpcHooks {
  /** Before anything of the request but its head is read: who may call, and how often. */
  beforeBind?(rpc: Rpc): void | Promise<void>;
  /** The request is bound; the call has not begun. */
  beforeSend?(rpc: Rpc, call: OutgoingCall): void | Promise<void>;
  /** Each message of the request as protobuf, before it is sent. Must not keep or change it. */
  onRequestMessage?(rpc: Rpc, message: Uint8Array): void;
  /** The upstream has begun to answer: before the first message. */
  onReply?(rpc: Rpc, reply: IncomingReply): void;
  /** Each message of the reply as protobuf, before it is rendered. Must not keep or change it. */
  onReplyMessage?(rpc: Rpc, message: Uint8Array): void;
  /** The call has failed, whatever failed it. What it returns is answered instead. */
  onError?(rpc: Rpc, error: StatusError): StatusError | undefined;
  /** Once for each call that `beforeBind` saw, after everything else. What it throws is a warning of the process. */
  onEnd?(rpc: Rpc, outcome: RpcOutcome): void;
}

type HookName = keyof RpcHooks;
type Hook<Name extends HookName> = NonNullable<RpcHooks[Name]>;

/** Hooks by kind, in order. */
export type HookChain = { readonly [Name in HookName]: readonly Hook<Name>[] };

export const hookNames: readonly HookName[] = [
  'beforeBind',
  'beforeSend',
  'onRequestMessage',
  'onReply',
  'onReplyMessage',
  'onError',
  'onEnd',
];

/** The chain of all hooks, or undefined when there is none: a call then pays nothing for them. */
export function chainHooks(all: readonly RpcHooks[]): HookChain | undefined {
  if (all.length === 0) return undefined;
  const pick = (name: HookName): readonly unknown[] => all.flatMap((hooks) => hooks[name]?.bind(hooks) ?? []);
  return Object.fromEntries(hookNames.map((name) => [name, pick(name)])) as unknown as HookChain;
}
