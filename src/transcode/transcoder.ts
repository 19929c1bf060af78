/**
 * @module Everything this room does for one binding, compiled on its first request and kept: request message, metadata and timeout in;
 * replies, errors and stream framings out. Pure functions of their arguments: no I/O, no clock.
 */
import type { Codec } from '../codec/codec.ts';
import type { Binding } from '../routing/binding.ts';
import { compileRequestBinder, type RequestBinder } from './bind-request.ts';
import { compileStreamBinder, type StreamBinder } from './bind-stream.ts';
import type { TranscodeOptions } from './options.ts';
import { createErrorRenderer, type ErrorRenderer } from './render-error.ts';
import { compileReplyRenderer, type RendererChoice } from './render-reply.ts';

export interface BindingTranscoder {
  readonly request:
    | { readonly kind: 'one'; readonly bind: RequestBinder }
    | { readonly kind: 'stream'; readonly bind: StreamBinder };
  readonly rendererFor: RendererChoice;
}

export interface Transcoder {
  readonly options: TranscodeOptions;
  readonly errors: ErrorRenderer;
  of(binding: Binding): BindingTranscoder;
}

/** `codec` is for requests and replies; `detailCodec` for error details, whose types the schema need not know. */
export function createTranscoder(codec: Codec, detailCodec: Codec, options: TranscodeOptions): Transcoder {
  const compiled = new Map<Binding, BindingTranscoder>();
  const of = (binding: Binding): BindingTranscoder => {
    let transcoder = compiled.get(binding);
    if (transcoder === undefined) {
      transcoder = {
        request: binding.method.isClientStreaming
          ? { kind: 'stream', bind: compileStreamBinder(binding, codec, options) }
          : { kind: 'one', bind: compileRequestBinder(binding, codec, options) },
        rendererFor: compileReplyRenderer(binding, codec, options),
      };
      compiled.set(binding, transcoder);
    }
    return transcoder;
  };
  return { options, errors: createErrorRenderer(detailCodec, options), of };
}
