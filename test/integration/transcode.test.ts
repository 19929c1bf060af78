/**
 * Whole calls from tables: a raw HTTP request in front, a scripted gRPC server behind, and what each sees. A file of
 * test/cases/transcode is one gateway. Messages are read and written by @bufbuild/protobuf, so that a fault of our codec
 * cannot hide itself.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { createMessages, type Messages } from '../upstreams/messages.ts';
import { type ScriptedReply, type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { type RawReply, type RawRequest, sendRaw } from './send-raw.ts';

interface Gateway {
  readonly options?: TandemOptions;
  /** `package.Service/Method` of the rows that name none. */
  readonly method: string;
  readonly cases: readonly Row[];
}

interface Row extends Omit<RawRequest, 'method' | 'target'> {
  /** The request line without its version, when left out. */
  readonly name?: string;
  /** Why it must be so: the clause or the harm. */
  readonly why?: string;
  /** `GET /v1/tools?pageSize=1` */
  readonly request: string;
  readonly upstream?: UpstreamPart;
  readonly response?: ResponsePart;
  /** Short for an upstream that gets this and echoes. */
  readonly expect?: unknown;
  /** Short for a 400 with one violation of this field, and no call. */
  readonly refused?: string;
}

/** When it is missing, the upstream must not be called. */
interface UpstreamPart {
  readonly method?: string;
  /** The request message as JSON. */
  readonly expect?: unknown;
  /** Headers of the call; null is absent. */
  readonly metadata?: Readonly<Record<string, string | null>>;
  /** Bounds of its `grpc-timeout` in milliseconds. */
  readonly timeoutMs?: readonly [least: number, most: number];
  /** The reply message, or a list of them for a stream; when left out, the request where its type allows, else an empty message. */
  readonly reply?: unknown;
  readonly replyBase64?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly trailers?: Readonly<Record<string, string>>;
  /** google.rpc.Status: the call ends with it, after the replies. */
  readonly status?: { readonly code: number; readonly message?: string; readonly details?: readonly unknown[] };
  readonly statusDetailsBase64?: string;
}

interface ResponsePart {
  /** 200 when left out. */
  readonly status?: number;
  /** Null is absent; `set-cookie` is a list. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** As JSON. */
  readonly body?: unknown;
  readonly text?: string;
  readonly base64?: string;
  readonly trailers?: Readonly<Record<string, string>>;
  /** Of the error: its gRPC code, its message, the fields of its BadRequest. */
  readonly code?: number;
  readonly message?: string;
  readonly violations?: readonly string[];
  /** The connection is cut before the body's end. */
  readonly isCut?: boolean;
}

const folder = 'test/cases/transcode';
const protos = ['test/protos/workshop'];

for (const name of readdirSync(folder)) {
  const { options, method, cases } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Gateway;
  describe(name, () => {
    let upstream: ScriptedUpstream;
    let server: RunningServer;
    let messages: Messages;
    before(async () => {
      upstream = await startScriptedUpstream();
      const listen = { host: '127.0.0.1', port: 0 };
      server = await startServer({ protos, upstreams: [upstream.target], ...options, listen });
      messages = createMessages(server.gateway.generation.schema);
    });
    after(async () => {
      await server?.close();
      await upstream.close();
    });
    for (const row of cases) test(row.name ?? row.request, () => runCase(row, method, { upstream, server, messages }));
  });
}

interface Fixture {
  readonly upstream: ScriptedUpstream;
  readonly server: RunningServer;
  readonly messages: Messages;
}

async function runCase(row: Row, usualMethod: string, { upstream, server, messages }: Fixture): Promise<void> {
  const seen = upstream.calls.length;
  const wanted = 'expect' in row ? { expect: row.expect } : row.upstream;
  const method = wanted?.method ?? usualMethod;
  if (wanted !== undefined) {
    upstream.script(`/${method}`, (call) => replyOf(wanted, method, messages, call.messages[0] ?? new Uint8Array()));
  }
  const [verb = '', target = ''] = row.request.split(/ (.*)/s);
  const reply = await sendRaw(server.url, { ...row, method: verb, target });
  compareReply(row.refused === undefined ? row.response : { status: 400, violations: [row.refused] }, reply);
  const [call, ...more] = upstream.calls.slice(seen);
  assert.deepEqual(more, [], 'one call at most');
  assert.equal(call?.path, wanted && `/${method}`, 'the method that was called');
  if (call === undefined || wanted === undefined) return;
  const received = call.messages.map((bytes) => messages.toJson(messages.inputOf(method), bytes));
  if ('expect' in wanted) assert.deepEqual(received, [wanted.expect]);
  for (const [header, value] of Object.entries(wanted.metadata ?? {})) {
    assert.equal(call.headers[header], value ?? undefined, `metadata ${header}`);
  }
  const [least = 0, most = Number.POSITIVE_INFINITY] = wanted.timeoutMs ?? [];
  assert.ok(call.timeoutMs !== undefined && call.timeoutMs > least && call.timeoutMs <= most, `${call.timeoutMs} ms`);
}

function replyOf(wanted: UpstreamPart, method: string, messages: Messages, request: Uint8Array): ScriptedReply {
  const { headers, trailers, status, statusDetailsBase64 } = wanted;
  const details = statusDetailsBase64 ?? (status?.details && messages.toWire('google.rpc.Status', status));
  return {
    messages: replyMessages(wanted, method, messages, request),
    ...(headers && { headers }),
    ...(trailers && { trailers }),
    ...(status && { code: status.code, message: status.message ?? '' }),
    ...(details && { details: Buffer.from(details as string, 'base64') }),
  };
}

function replyMessages(
  { reply, replyBase64, status }: UpstreamPart,
  method: string,
  messages: Messages,
  request: Uint8Array,
): readonly Uint8Array[] {
  const type = messages.outputOf(method);
  if (replyBase64 !== undefined) return [Buffer.from(replyBase64, 'base64')];
  if (reply === undefined && status !== undefined) return [];
  if (reply === undefined) return [type === messages.inputOf(method) ? request : new Uint8Array()];
  return (Array.isArray(reply) ? reply : [reply]).map((json) => messages.toWire(type, json));
}

function compareReply(wanted: ResponsePart = {}, reply: RawReply): void {
  const text = reply.body.toString();
  assert.equal(reply.status, wanted.status ?? 200, text);
  assert.equal(reply.isCut, wanted.isCut ?? false, 'cut off');
  for (const [header, value] of Object.entries(wanted.headers ?? {})) {
    assert.deepEqual(reply.headers[header], value ?? undefined, `header ${header}`);
  }
  for (const [trailer, value] of Object.entries(wanted.trailers ?? {})) assert.equal(reply.trailers[trailer], value);
  if ('body' in wanted) assert.deepEqual(JSON.parse(text), wanted.body);
  else if (wanted.text !== undefined) assert.equal(text, wanted.text);
  else if (wanted.base64 !== undefined) assert.equal(reply.body.toString('base64'), wanted.base64);
  else if (reply.status >= 400 && text !== '') compareStatus(wanted, JSON.parse(text));
}

/** Errors without a body of their own in the table are google.rpc.Status. */
function compareStatus({ code, message, violations }: ResponsePart, status: Record<string, unknown>): void {
  assert.ok(isDeepStrictEqual(Object.keys(status), ['code', 'message', 'details']), JSON.stringify(status));
  if (code !== undefined) assert.equal(status['code'], code);
  if (message !== undefined) assert.equal(status['message'], message);
  if (violations === undefined) return;
  const details = status['details'] as { fieldViolations?: { field: string }[] }[];
  const fields = details.flatMap(({ fieldViolations = [] }) => fieldViolations.map(({ field }) => field));
  assert.deepEqual(fields, violations);
}
