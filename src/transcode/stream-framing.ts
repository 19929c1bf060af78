/**
 * @module How the messages of a server stream stand in one HTTP body: JSON array, NDJSON, server-sent events, or raw bytes. Pure:
 * messages in, bytes out; pulling and time are the server's.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
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

const openEvent = bytes('data: ');
const closeEvent = bytes('\n\n');

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html); an error is `event: error`. */
const serverSentEvents: StreamFraming = {
  contentType: 'text/event-stream',
  heartbeat: bytes(': keep-alive\n\n'),
  message: (json) => [openEvent, json, closeEvent],
  end: (_count, error) => bytes(error === undefined ? '' : `event: error\ndata: ${JSON.stringify(error)}\n\n`),
};

const byType = {
  'application/json': jsonArray,
  'application/x-ndjson': ndjson,
  'text/event-stream': serverSentEvents,
} as const;
const offers = Object.keys(byType) as (keyof typeof byType)[];

/**
 * The framing a client asks for, by `alt` or else by Accept. Throws 406 when it accepts none. Only the array may be indented: the
 * others end a message at a line break.
 */
export function framingOf(
  accept: string | undefined,
  { alt }: SystemParameters,
  { streamEnvelope }: TranscodeOptions,
): StreamFraming {
  if (alt === 'sse') return serverSentEvents;
  const order = streamEnvelope ? (['application/x-ndjson', ...offers] as const) : offers;
  const type = preferredType(accept, order);
  if (type === undefined) {
    throw new StatusError(
      GrpcCode.INVALID_ARGUMENT,
      `a stream can be sent as ${offers.join(', ')}; accept one of them`,
      {
        httpStatus: 406,
      },
    );
  }
  return streamEnvelope && type === 'application/x-ndjson' ? envelope : byType[type];
}

/** True where an error before the first message stands in an envelope as well: NDJSON lines for grpc-gateway's clients. */
export function isErrorEnveloped(accept: string | undefined, { streamEnvelope }: TranscodeOptions): boolean {
  return streamEnvelope && preferredType(accept, ['application/x-ndjson', ...offers]) === 'application/x-ndjson';
}

export function isIndentable(framing: StreamFraming): boolean {
  return framing === jsonArray;
}
