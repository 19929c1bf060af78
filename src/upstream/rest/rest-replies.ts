/** The messages in the answers of a REST server: one, or a stream of them in whichever framing it chose. */
import type { Codec } from '../../codec/codec.ts';
import { CodecError } from '../../codec/codec-error.ts';
import type { Binding } from '../../routing/binding.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { encodeHttpBody, isRawReply } from '../../transcode/http-body.ts';
import { JsonSplitter } from '../../transcode/split-json.ts';
import { lengthDelimited } from '../../wire/fragment.ts';
import { errorOfStatus } from './rest-error.ts';

/** What to make of the answers to one rule. */
export interface ReplyReader {
  /** The message of a whole body. Throws INTERNAL for a body that is none. */
  one(body: Uint8Array, contentType: string): Uint8Array;
  /** The messages of a stream as they come. Throws the error that the stream ends with. */
  many(chunks: AsyncIterable<Uint8Array>, contentType: string): AsyncGenerator<Uint8Array, void>;
}

export function createReplyReader(binding: Binding, codec: Codec, maxReplyBytes: number): ReplyReader {
  const { method, responseBody } = binding;
  if (isRawReply(binding)) {
    const raw = (data: Uint8Array, contentType: string): Uint8Array => {
      const message = encodeHttpBody({ contentType, data });
      return responseBody === undefined ? message : lengthDelimited(responseBody.number, message);
    };
    return {
      one: raw,
      async *many(chunks, contentType) {
        for await (const chunk of chunks) yield raw(chunk, contentType);
      },
    };
  }
  const read = responseBody === undefined ? codec.messageReader(method.output) : codec.fieldReader(responseBody);
  const one = (json: Uint8Array): Uint8Array => {
    try {
      return read(json);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw new StatusError(GrpcCode.INTERNAL, `the upstream's answer is not a ${method.output.fullName}`, {
        cause: error,
      });
    }
  };
  // A message that has a field of this name is not told from an error by it.
  const mayHoldError = !method.output.fieldsByJsonName.has('error');
  return {
    one,
    async *many(chunks, contentType) {
      const split = contentType.startsWith('text/event-stream')
        ? new EventSplitter()
        : jsonSplitter(contentType, maxReplyBytes);
      for await (const chunk of chunks) for (const value of split.push(chunk)) yield messageIn(value);
      for (const value of split.end()) yield messageIn(value);
    },
  };

  function messageIn(value: Uint8Array): Uint8Array {
    const error = mayHoldError ? errorIn(value) : undefined;
    if (error !== undefined) throw errorOfStatus(error, GrpcCode.UNKNOWN, codec);
    return one(value);
  }
}

function errorIn(value: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (!/^\s*\{\s*"error"/.test(Buffer.from(value.subarray(0, 64)).toString('latin1'))) return undefined;
  const { error } = JSON.parse(Buffer.from(value).toString());
  return typeof error === 'object' && error !== null ? error : undefined;
}

interface Splitter {
  push(chunk: Uint8Array): readonly Uint8Array[];
  end(): readonly Uint8Array[];
}

function jsonSplitter(contentType: string, maxBytes: number): Splitter {
  return new JsonSplitter({ maxBytes, isLines: contentType.includes('ndjson') });
}

/** The data of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html); `event: error` as `{"error": …}`. */
class EventSplitter implements Splitter {
  #rest = '';

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const events = (this.#rest + Buffer.from(chunk).toString('latin1')).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = events.pop() ?? '';
    return events.flatMap((event) => {
      const lines = event.split('\n');
      const data = lines.flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []));
      if (data.length === 0) return [];
      const text = data.join('\n');
      return [Buffer.from(lines.includes('event: error') ? `{"error":${text}}` : text, 'latin1')];
    });
  }

  end(): readonly Uint8Array[] {
    return [];
  }
}
