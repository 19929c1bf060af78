/** What the page asks of the gateway, by method and name. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createCaller } from '../../compare/callers.ts';
import { compareOnce } from '../../compare/compare-once.ts';
import { isRepeatable } from '../../compare/find-method.ts';
import { messageBytes, messagesOf, requestOf } from '../../compare/prepare-calls.ts';
import type { Performed, PreparedCall, Protocol } from '../../compare/prepared-call.ts';
import { readAnswer } from '../../compare/read-answer.ts';
import { snippetsOf } from '../../compare/snippets/snippets.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { splitComment } from '../../openapi/comment.ts';
import type { MethodDescriptor } from '../../schema/descriptors.ts';
import { type CallTimes, CallWatch } from './call-times.ts';
import { comparisonJson, messageJson, saidBy } from './compare-json.ts';
import { listOf, objectOf, oneOf, readCompareRequest, textOf } from './compare-request.ts';
import { admit, contextOf, ownOrigin, roomOf, subjectOf, visibleMethods } from './compare-subject.ts';

import { lesson } from './lesson.ts';
import { Measurements } from './measurements.ts';
import { givenOf, type StreamWatches, watchStreams } from './watch-stream.ts';

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** The handlers by `METHOD name`. */
export function createCompareApi(gateway: Gateway): Readonly<Record<string, Handler>> {
  const measurements = new Measurements(gateway);
  const watches: StreamWatches = new Map();
  return {
    'GET methods': () => listMethods(gateway),
    'GET method': (request) => describeMethod(gateway, request),
    'POST prepare': (request) => prepare(gateway, request),
    'POST compare': (request) => compare(gateway, request),
    'POST answer': (request) => answer(gateway, request),
    'POST snippets': (request) => snippets(gateway, request),
    'POST measure': (request, reply) => measurements.start(request, reply),
    'POST lesson': (request) => lesson(gateway, request),
    'POST streams': (request, reply) => watchStreams(gateway, watches, request, reply),
    'POST given': (request) => givenOf(watches, request),
    'POST stop': (request) => measurements.stop(request),
    'GET report': (request, reply) => measurements.report(request, reply),
  };
}

function listMethods({ generation }: Gateway): unknown {
  const { bindings } = roomOf(generation);
  return visibleMethods(generation).map((method) => {
    const binding = bindings.find((one) => one.method === method);
    return {
      name: method.fullName,
      kind: kindOf(method),
      rule: binding && { method: binding.httpMethod, path: binding.path },
      summary: splitComment(method.comment).summary,
      isRepeatable: isRepeatable(method, binding),
    };
  });
}

function kindOf({ isClientStreaming, isServerStreaming }: MethodDescriptor): string {
  if (isClientStreaming) return isServerStreaming ? 'bidirectional stream' : 'client stream';
  return isServerStreaming ? 'server stream' : 'unary';
}

function describeMethod(gateway: Gateway, request: FastifyRequest): unknown {
  const { method, binding } = contextOf(gateway, textOf(objectOf(request.query, '')['name'], 'name'));
  return roomOf(gateway.generation).describer.describe(method, binding);
}

/** The requests by which the protocols of HTTP would carry it; the field that is wrong when it is. */
function prepare(gateway: Gateway, request: FastifyRequest): unknown {
  const wanted = readCompareRequest(request);
  const { calls } = subjectOf(gateway, wanted, request);
  const http = [...calls.values()].flatMap((call) =>
    'origin' in call
      ? [
          {
            ...call,
            tls: undefined,
            origin: undefined,
            headers: withoutCookies(call.headers),
            body: Buffer.from(call.body).toString('base64'),
          },
        ]
      : [],
  );
  return { http };
}

/** Browsers send credentials by themselves. */
function withoutCookies(headers: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  return headers.filter(([name]) => name !== 'cookie');
}

/** Code for the same call, without the credentials by which the reader has asked for it. */
function snippets(gateway: Gateway, request: FastifyRequest): unknown {
  const { method: name, message: given, ownHeaders: headers } = readCompareRequest(request);
  const { method, binding, codec } = contextOf(gateway, name);
  const write = codec.messageWriter(method.input);
  const wire = messageBytes({ method, messages: messagesOf(method, given) }, codec);
  const messages = wire.map((bytes) => JSON.parse(Buffer.from(write(bytes)).toString()));
  const rest = binding && requestOf(binding, messages);
  // As the reader's browser calls it, which may be by a proxy.
  const origin = request.headers.origin ?? ownOrigin(request);
  return snippetsOf({ origin, method, messages, headers, rest });
}

async function compare(gateway: Gateway, request: FastifyRequest): Promise<unknown> {
  const wanted = readCompareRequest(request);
  const { context, calls, isRepeatable: isSafe } = subjectOf(gateway, wanted, request);
  await admit(gateway, wanted, request);
  const comparison = await compareOnce(calls.values(), context, { isOnce: !isSafe });
  const times = isSafe ? await timesInside(gateway, calls.values()) : new Map();
  return comparisonJson(comparison, context, times);
}

/** By calls of their own: the mark by which hooks know them has bytes, which would be counted. */
async function timesInside(
  gateway: Gateway,
  calls: Iterable<PreparedCall>,
): Promise<ReadonlyMap<Protocol, CallTimes | undefined>> {
  const watch = new CallWatch();
  const unwatch = gateway.addHooks(watch);
  try {
    const protocols: Protocol[] = [];
    for (const call of calls) {
      const caller = createCaller(watch.marked(call), { isKeeping: false });
      // Who does not answer has been told already.
      await caller
        .call()
        .then(() => caller.call())
        .catch(() => {});
      await caller.close();
      protocols.push(call.protocol);
    }
    return new Map(protocols.map((protocol) => [protocol, watch.timesOf(protocol).at(-1)]));
  } finally {
    unwatch();
  }
}

/** What an answer says that the browser itself was given. */
function answer(gateway: Gateway, request: FastifyRequest): unknown {
  const body = objectOf(request.body, '');
  const context = contextOf(gateway, textOf(body['method'], 'method'));
  const pieces = listOf(body['pieces'], 'pieces').map((one) => {
    const { atMs, base64 } = objectOf(one, 'pieces');
    return { atMs: Number(atMs), bytes: Buffer.from(textOf(base64, 'pieces'), 'base64') };
  });
  const headers = listOf(body['headers'], 'headers').map((one) => {
    const [name, value] = listOf(one, 'headers');
    return [textOf(name, 'headers'), textOf(value, 'headers')] as const;
  });
  const performed: Performed = {
    protocol: oneOf(['rest', 'grpc-web', 'connect'], body['protocol'], 'protocol'),
    startMs: 0,
    connectMs: 0,
    firstByteMs: 0,
    totalMs: 0,
    sent: [],
    received: [],
    before: { sent: new Uint8Array(), received: new Uint8Array() },
    reply: { kind: 'http', status: Number(body['status']), headers, trailers: [], pieces },
  };
  const read = readAnswer(performed, context);
  const messages = read.messages.map((one) => messageJson(one, context.method.output, context));
  return { ...read, messages, said: saidBy(read) };
}
