/** What an answer says, whichever protocol it came by: the same messages and the same status. */
import type { Codec } from '../codec/codec.ts';
import type { Binding } from '../routing/binding.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { codeName, GrpcCode, type GrpcCodeName } from '../status/code.ts';
import type { Metadata } from '../transcode/exchange.ts';
import { decodeHttpBody, decodeHttpBodyField, isHttpBodyField, isRawReply } from '../transcode/http-body.ts';
import { type Envelope, EnvelopeSplitter } from '../transcode/rpc/envelopes.ts';
import { JsonSplitter } from '../transcode/split-json.ts';
import { lengthDelimited } from '../wire/fragment.ts';
import type { GrpcAnswer, HttpAnswer, Performed } from './prepared-call.ts';

export interface AnswerMessage {
  /** When it was there, in milliseconds since the call began. */
  readonly atMs: number;
  /** As protobuf; undefined where REST shows only a part of it. */
  readonly wire: Uint8Array | undefined;
  /** As the rule shows it over REST: the whole, one field, or raw bytes. */
  readonly value: unknown;
}

export interface AnswerStatus {
  readonly code: GrpcCodeName;
  readonly message: string;
  readonly details: readonly unknown[];
}

export interface Answer {
  readonly status: AnswerStatus;
  readonly httpStatus: number | undefined;
  readonly messages: readonly AnswerMessage[];
  /** A stream of raw bytes: REST shows them as one body, without the borders of its messages. */
  readonly isOneBody: boolean;
  /** The answer could not be read: what is wrong with it. */
  readonly problem: string | undefined;
}

/** The codec must write an Any of an unknown type as base64. */
export interface ReadContext {
  readonly method: MethodDescriptor;
  readonly binding: Binding | undefined;
  readonly codec: Codec;
  /** Values are REST's JSON as it stands there, also what the codec does not know. */
  readonly isAsWritten?: boolean;
}

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const TRAILERS = 0x80;
const END_STREAM = 0x02;
const ok: AnswerStatus = { code: 'OK', message: '', details: [] };

/** Never throws: an answer that cannot be read says why. */
export function readAnswer(performed: Pick<Performed, 'protocol' | 'startMs' | 'reply'>, context: ReadContext): Answer {
  const { reply } = performed;
  const httpStatus = reply.kind === 'http' ? reply.status : undefined;
  const { method, binding } = context;
  const isOneBody = method.isServerStreaming && binding !== undefined && isRawReply(binding);
  try {
    const read = reply.kind === 'grpc' ? readGrpc(reply, context) : readHttp(performed, reply, context);
    const messages = read.messages.map((message) => ({ ...message, atMs: message.atMs - performed.startMs }));
    return { ...read, messages, isOneBody, httpStatus, problem: undefined };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const status = { code: 'UNKNOWN', message: problem, details: [] } as const;
    return { status, httpStatus, messages: [], isOneBody, problem };
  }
}

/** What counts as the answer. Times and headers are nobody's. */
export function answerValue({ status, messages, isOneBody }: Answer): unknown {
  const values = messages.map(({ value }) => value);
  return { status, messages: isOneBody ? joined(values as readonly RawValue[]) : values };
}

interface RawValue {
  readonly contentType: string;
  readonly data: string;
}

/** The whole of a body: its type is said by its first message. */
function joined(values: readonly RawValue[]): readonly RawValue[] {
  const data = Buffer.concat(values.map((value) => Buffer.from(value.data, 'base64'))).toString('base64');
  return values.slice(0, 1).map(({ contentType }) => ({ contentType, data }));
}

type Read = Pick<Answer, 'status' | 'messages'>;

function readGrpc({ code, message, details, messages }: GrpcAnswer, context: ReadContext): Read {
  return {
    status: { code: codeName(code), message, details: detailsOf(details, context) },
    messages: messages.map(({ atMs, bytes }) => messageOf(bytes, atMs, context)),
  };
}

function readHttp({ protocol }: Pick<Performed, 'protocol'>, reply: HttpAnswer, context: ReadContext): Read {
  if (protocol === 'rest') return readRest(reply, context);
  return protocol === 'grpc-web' ? readGrpcWeb(reply, context) : readConnect(reply, context);
}

function readRest({ status, headers, pieces }: HttpAnswer, context: ReadContext): Read {
  const { method, binding } = context;
  const body = Buffer.concat(pieces.map(({ bytes }) => bytes));
  if (status >= 400) return { status: statusOf(JSON.parse(body.toString())), messages: [] };
  const type = headerOf(headers, 'content-type') ?? '';
  const atMs = pieces.at(-1)?.atMs ?? 0;
  if (binding !== undefined && isRawReply(binding)) {
    return {
      status: ok,
      messages: [{ atMs, wire: undefined, value: { contentType: type, data: body.toString('base64') } }],
    };
  }
  if (!method.isServerStreaming) return { status: ok, messages: [shownMessage(body, atMs, context)] };
  const values = type.startsWith('text/event-stream') ? eventsOf(pieces) : valuesOf(pieces, type.includes('ndjson'));
  const last = values.at(-1);
  const error = last && errorIn(last.text);
  const shown = error === undefined ? values : values.slice(0, -1);
  return {
    status: error === undefined ? ok : statusOf(error),
    messages: shown.map(({ text, atMs: time }) => shownMessage(Buffer.from(text), time, context)),
  };
}

interface TimedText {
  readonly text: string;
  readonly atMs: number;
}

function valuesOf(pieces: HttpAnswer['pieces'], isLines: boolean): readonly TimedText[] {
  const splitter = new JsonSplitter({ maxBytes: MAX_MESSAGE_BYTES, isLines });
  const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  const values = pieces.flatMap(({ atMs, bytes }) =>
    splitter.push(bytes).map((value) => ({ text: textOf(value), atMs })),
  );
  const atMs = pieces.at(-1)?.atMs ?? 0;
  return [...values, ...splitter.end().map((value) => ({ text: textOf(value), atMs }))];
}

function eventsOf(pieces: HttpAnswer['pieces']): readonly TimedText[] {
  let rest = '';
  return pieces.flatMap(({ atMs, bytes }) => {
    const events = (rest + Buffer.from(bytes).toString('latin1')).split('\n\n');
    rest = events.pop() ?? '';
    return events.flatMap((event) => {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data === undefined) return [];
      const text = Buffer.from(data, 'latin1').toString();
      return [{ text: /^event: error$/m.test(event) ? `{"error":${text}}` : text, atMs }];
    });
  });
}

/** The Status of a framing's last element. */
function errorIn(text: string): unknown {
  const value = JSON.parse(text);
  const error =
    typeof value === 'object' && value !== null && Object.keys(value).length === 1 ? value.error : undefined;
  return typeof error === 'object' && error !== null && typeof error.code === 'number' ? error : undefined;
}

function readGrpcWeb({ headers, pieces }: HttpAnswer, context: ReadContext): Read {
  const envelopes = envelopesOf(pieces);
  const trailers = envelopes.find(({ flags }) => (flags & TRAILERS) !== 0);
  const fields = trailers === undefined ? headers : trailerLines(trailers.payload);
  const details = headerOf(fields, 'grpc-status-details-bin');
  return {
    status: {
      code: codeName(Number(headerOf(fields, 'grpc-status') ?? GrpcCode.UNKNOWN)),
      message: decodeURIComponent(headerOf(fields, 'grpc-message') ?? ''),
      details: detailsOf(details === undefined ? undefined : Buffer.from(details, 'base64'), context),
    },
    messages: envelopes
      .filter(({ flags }) => (flags & TRAILERS) === 0)
      .map(({ payload, atMs }) => messageOf(payload, atMs, context)),
  };
}

function readConnect({ status, headers, pieces }: HttpAnswer, context: ReadContext): Read {
  const isStream = headerOf(headers, 'content-type')?.startsWith('application/connect+') ?? false;
  const body = Buffer.concat(pieces.map(({ bytes }) => bytes));
  if (!isStream && status >= 400) return { status: connectStatus(JSON.parse(body.toString()), context), messages: [] };
  if (!isStream) return { status: ok, messages: [messageOf(body, pieces.at(-1)?.atMs ?? 0, context)] };
  const envelopes = envelopesOf(pieces);
  const end = envelopes.find(({ flags }) => (flags & END_STREAM) !== 0);
  const { error } = JSON.parse(end === undefined ? '{}' : Buffer.from(end.payload).toString());
  const messages = envelopes.filter((envelope) => envelope !== end);
  return {
    status: error === undefined ? ok : connectStatus(error, context),
    messages: messages.map(({ payload, atMs }) => messageOf(payload, atMs, context)),
  };
}

function envelopesOf(pieces: HttpAnswer['pieces']): readonly (Envelope & { readonly atMs: number })[] {
  const splitter = new EnvelopeSplitter(MAX_MESSAGE_BYTES);
  return pieces.flatMap(({ atMs, bytes }) => splitter.push(bytes).map((one) => ({ ...one, atMs })));
}

function trailerLines(payload: Uint8Array): Metadata {
  const lines = Buffer.from(payload).toString('latin1').split('\r\n');
  return lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const];
  });
}

interface ConnectErrorJson {
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

function connectStatus({ code, message = '', details = [] }: ConnectErrorJson, context: ReadContext): AnswerStatus {
  const name = code === 'canceled' ? 'CANCELLED' : code.toUpperCase();
  const status = details.map(({ type, value }) =>
    lengthDelimited(
      3,
      lengthDelimited(1, Buffer.from(`type.googleapis.com/${type}`)),
      lengthDelimited(2, Buffer.from(value, 'base64')),
    ),
  );
  return { code: name as GrpcCodeName, message, details: detailsOf(Buffer.concat(status), context) };
}

function statusOf(json: unknown): AnswerStatus {
  const outer = Object(json) as Record<string, unknown>;
  const { code, message, details } = Object(outer['error'] ?? outer) as Record<string, unknown>;
  return {
    code: codeName(typeof code === 'number' ? code : GrpcCode.UNKNOWN),
    message: String(message ?? ''),
    details: Array.isArray(details) ? details : [],
  };
}

function detailsOf(status: Uint8Array | undefined, { codec }: ReadContext): readonly unknown[] {
  const type = codec.schema.messages.get('google.rpc.Status');
  if (status === undefined || type === undefined) return [];
  return JSON.parse(Buffer.from(codec.messageWriter(type)(status)).toString()).details ?? [];
}

/** Of a protocol that carries the message itself. */
function messageOf(wire: Uint8Array, atMs: number, context: ReadContext): AnswerMessage {
  return { atMs, wire, value: shownValue(wire, context) };
}

/** What the rule shows of a message over REST. */
function shownValue(wire: Uint8Array, { method, binding, codec }: ReadContext): unknown {
  const field = binding?.responseBody;
  if (binding !== undefined && isRawReply(binding)) {
    const raw = field !== undefined && isHttpBodyField(field) ? decodeHttpBodyField(field, wire) : decodeHttpBody(wire);
    return { contentType: raw.contentType, data: Buffer.from(raw.data).toString('base64') };
  }
  const write = field === undefined ? codec.messageWriter(method.output) : codec.fieldWriter(field);
  return JSON.parse(Buffer.from(write(wire)).toString());
}

/** JSON of a REST answer in the codec's own spelling: defaults left out, enums by name, whatever the gateway's options are. */
function shownMessage(json: Uint8Array, atMs: number, context: ReadContext): AnswerMessage {
  const { method, binding, codec, isAsWritten = false } = context;
  if (isAsWritten) return { atMs, wire: undefined, value: JSON.parse(Buffer.from(json).toString()) };
  const field = binding?.responseBody;
  const wire = field === undefined ? codec.messageReader(method.output)(json) : codec.fieldReader(field)(json);
  return { atMs, wire: field === undefined ? wire : undefined, value: shownValue(wire, context) };
}

function headerOf(headers: Metadata, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1];
}
