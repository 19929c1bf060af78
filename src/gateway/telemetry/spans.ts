/** The spans of an RPC: the client's call as the gateway serves it, and below it each attempt to call the upstream, of which that is told. */
import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { StatusError } from '../../status/status-error.ts';
import { headerText, type Metadata } from '../../transcode/exchange.ts';
import type { OutgoingCall, Rpc, RpcOutcome } from '../hooks.ts';
import { setTraceId } from '../trace-id.ts';
import { clientOutcome, isServerFault, methodNameOf, serverAttributes, serverOutcome } from './rpc-attributes.ts';

interface Spans {
  readonly server: Span;
  /** What the client told, with `server` as the active span. */
  readonly context: Context;
  /** When the first attempt began. */
  callStartMs?: number;
  /** The attempt that is under way. */
  attempt?: Span | undefined;
}

const key: unique symbol = Symbol('tandem.spans');

const tracer: Tracer = trace.getTracer('tandem');

/** The span of the client's call, as a child of its own or of what the process has begun for the request. */
export function beginRpc(rpc: Rpc): void {
  const { request, binding, client } = rpc;
  const active = context.active();
  const isBegun = trace.getSpan(active) !== undefined;
  const parent = isBegun ? active : propagation.extract(active, request.headers);
  const attributes = serverAttributes(rpc);
  const name = attributes['rpc.system.name'] === undefined ? `${request.method} ${binding?.path}` : methodNameOf(rpc);
  const about: Attributes = {
    'url.path': binding && request.target.replace(/\?.*/s, ''),
    'client.address': client?.address,
    'user_agent.original': headerText(request.headers['user-agent']),
  };
  // Of two spans for one request, one is the server's.
  const kind = isBegun ? SpanKind.INTERNAL : SpanKind.SERVER;
  const server = tracer.startSpan(name, { kind, attributes: { ...attributes, ...about } }, parent);
  rpc.values.set(key, { server, context: trace.setSpan(parent, server) } satisfies Spans);
  setTraceId(request.headers, server.spanContext().traceId);
}

/** The span of the call to the upstream, whose metadata then names it as the parent. One that is tried again has a span for each attempt. */
export function beginCall(rpc: Rpc, call: OutgoingCall, target: Attributes): void {
  const spans = rpc.values.get(key) as Spans;
  const name = methodNameOf(rpc);
  const begin = (startTime: number, metadata: Metadata, previousAttempts?: number): Metadata => {
    const attributes = { 'rpc.method': name, ...target, 'previous-rpc-attempts': previousAttempts };
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes }, spans.context);
    spans.attempt = span;
    return withContext(metadata, trace.setSpan(spans.context, span));
  };
  spans.callStartMs = performance.now();
  call.metadata = begin(spans.callStartMs, call.metadata);
  call.attempts = {
    failed: (error) => endAttempt(spans, error),
    again: (previousAttempts, metadata) => begin(performance.now(), metadata, previousAttempts),
  };
}

function endAttempt(spans: Spans, error: StatusError | undefined, endMs?: number): void {
  const { attempt } = spans;
  attempt?.setAttributes(clientOutcome(error));
  if (error !== undefined) attempt?.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  attempt?.end(endMs);
  spans.attempt = undefined;
}

/** What the propagators write, in place of what the client wrote under those names. */
function withContext(metadata: Metadata, told: Context): Metadata {
  const written: Record<string, string> = Object.create(null);
  propagation.inject(told, written);
  const names = new Set(propagation.fields());
  return [...metadata.filter(([name]) => !names.has(name)), ...Object.entries(written)];
}

export function endRpc(rpc: Rpc, outcome: RpcOutcome): void {
  const spans = rpc.values.get(key) as Spans;
  const { server, callStartMs } = spans;
  const { error, upstreamError, upstreamMs } = outcome;
  endAttempt(spans, upstreamError, callStartMs && upstreamMs && callStartMs + upstreamMs);
  server.setAttributes({
    ...serverOutcome(rpc, outcome),
    'tandem.request.messages': outcome.requestMessages,
    'tandem.request.bytes': outcome.requestBytes,
    'tandem.reply.messages': outcome.replyMessages,
    'tandem.reply.bytes': outcome.replyBytes,
  });
  if (error !== undefined && isServerFault(error)) {
    server.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  server.end();
}
