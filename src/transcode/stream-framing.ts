/**
 * @module How the messages of a server stream stand in one HTTP body: JSON array, NDJSON, server-sent events, or raw bytes. Pure:
 * messages in, bytes out; pulling and time are the server's.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { type HttpRequest, headerText } from './exchange.ts';
import { preferredType } from './media-type.ts';
import type { TranscodeOptions } from './options.ts';
import type { StatusJson } from './render-error.ts';
import type { SystemParameters } from './system-parameters.ts';

/** One framing of one reply. Stateless: `index` counts the messages before the one being framed. */
export interface StreamFraming {
  readonly contentType: string;
  /** Keeps an idle connection open; undefined where the framing has no room for it. */
  readonly heartbeat: Uint8Array | undefined;
  message(json: Uint8Array, index: number): readonly Uint8Array[];
  /** The end after `count` messages, with the error that ended them early if there was one. */
  end(count: number, error: StatusJson | undefined): Uint8Array;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const newline = bytes('\n');
const comma = bytes(',\n');
const openArray = bytes('[');

/** A JSON array; an error is its last element, `{"error": Status}`. */
const jsonArray: StreamFraming = {
  contentType: 'application/json',
  heartbeat: undefined,
  message: (json, index) => [index === 0 ? openArray : comma, json],
  end: (count, error) => {
    const last = error === undefined ? '' : `${count === 0 ? '' : ',\n'}${JSON.stringify({ error })}`;
    return bytes(`${count === 0 ? '[' : ''}${last}]`);
  },
};

/** One value a line; an error is the last line, `{"error": Status}`. */
const ndjson: StreamFraming = {
  contentType: 'application/x-ndjson',
  heartbeat: undefined,
  message: (json) => [json, newline],
  end: (_count, error) => bytes(error === undefined ? '' : `${JSON.stringify({ error })}\n`),
};

const openResult = bytes('{"result":');
const closeResult = bytes('}\n');

/** NDJSON whose lines say what they are: `{"result": …}` or `{"error": Status}`. */
const envelope: StreamFraming = { ...ndjson, message: (json) => [openResult, json, closeResult] };

const closeEvent = bytes('\n\n');
const heartbeatEvent = bytes(': keep-alive\n\n');

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html); an error is `event: error`. The `id` of an event is
 * the number of events up to it, those before a reconnection counted: `lastEventId` is how many the client had then.
 */
function serverSentEvents(lastEventId: number): StreamFraming {
  return {
    contentType: 'text/event-stream',
    heartbeat: heartbeatEvent,
    message: (json, index) => [bytes(`id: ${lastEventId + index + 1}\ndata: `), json, closeEvent],
    end: (_count, error) => bytes(error === undefined ? '' : `event: error\ndata: ${JSON.stringify(error)}\n\n`),
  };
}

/** An id that is none of ours is the upstream's business alone. */
function eventsReceived(lastEventId: string | undefined): number {
  return lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : 0;
}

const byType = {
  'application/json': jsonArray,
  'application/x-ndjson': ndjson,
} as const;
const offers = ['application/json', 'application/x-ndjson', 'text/event-stream'] as const;

/**
 * The framing a client asks for, by `alt` or else by Accept. Throws 406 when it accepts none. Only the array may be indented: the
 * others end a message at a line break.
 */
export function framingOf(
  headers: HttpRequest['headers'],
  { alt }: SystemParameters,
  { streamEnvelope }: TranscodeOptions,
): StreamFraming {
  const order = streamEnvelope ? (['application/x-ndjson', ...offers] as const) : offers;
  const type = alt === 'sse' ? 'text/event-stream' : preferredType(headerText(headers['accept']), order);
  if (type === undefined) {
    throw new StatusError(
      GrpcCode.INVALID_ARGUMENT,
      `a stream can be sent as ${offers.join(', ')}; accept one of them`,
      {
        httpStatus: 406,
      },
    );
  }
  if (type === 'text/event-stream') return serverSentEvents(eventsReceived(headerText(headers['last-event-id'])));
  return streamEnvelope && type === 'application/x-ndjson' ? envelope : byType[type];
}

/** True where an error before the first message stands in an envelope as well: NDJSON lines for grpc-gateway's clients. */
export function isErrorEnveloped(accept: string | undefined, { streamEnvelope }: TranscodeOptions): boolean {
  return streamEnvelope && preferredType(accept, ['application/x-ndjson', ...offers]) === 'application/x-ndjson';
}

export function isIndentable(framing: StreamFraming): boolean {
  return framing === jsonArray;
}
