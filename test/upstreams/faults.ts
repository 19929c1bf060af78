/**
 * Scripts of upstreams that misbehave, for any path of a scripted upstream:
 * `startScriptedUpstream({ '/example.Greeter/SayHello': webPage(404) })`.
 */
import type { OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { drained, frame, type RawScript, statusTrailers } from './scripted-upstream.ts';

export const grpcHeaders: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc' };

/** Takes the stream over and does what it is told. */
export const raw = (act: RawScript['raw']): RawScript => ({ raw: act });

/** Never answers. */
export const silence: RawScript = raw((stream) => void stream.resume());

/** Resets the stream with an HTTP/2 error code, `constants.NGHTTP2_*`. */
export const reset = (code: number): RawScript => raw((stream) => stream.close(code));

/** Ends the whole connection. */
export const hangUp: RawScript = raw((stream) => stream.session?.destroy());

/** What a proxy or a web server says that knows no gRPC. */
export const webPage = (status: number): RawScript =>
  raw((stream) => {
    stream.respond({ ':status': status, 'content-type': 'text/html' });
    stream.end('<html>no gRPC here</html>');
  });

/** Bytes as they are, framed or not, and trailers. */
export const bodyBytes = (
  chunks: readonly Uint8Array[],
  trailers: OutgoingHttpHeaders = statusTrailers({}),
  headers: OutgoingHttpHeaders = {},
): RawScript =>
  raw((stream) => {
    stream.respond({ ...grpcHeaders, ...headers }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
  });

/** Messages and an end of the stream without any trailers. */
export const noTrailers = (messages: readonly Uint8Array[]): RawScript =>
  raw((stream) => {
    stream.respond(grpcHeaders);
    for (const message of messages) stream.write(frame(message));
    stream.end();
  });

/** Messages, and then the connection breaks. */
export const diesAfter = (messages: readonly Uint8Array[]): RawScript =>
  raw(async (stream) => {
    stream.respond(grpcHeaders);
    for (const message of messages) stream.write(frame(message));
    await sleep(50);
    stream.session?.destroy();
  });

/** Messages of this size without end, as fast as they are taken; `onWritten` hears of each. */
export const endless = (messageBytes: number, onWritten: (bytes: number) => void = () => {}): RawScript =>
  raw(async (stream) => {
    stream.respond(grpcHeaders);
    const message = frame(new Uint8Array(messageBytes));
    while (!stream.destroyed) {
      onWritten(message.length);
      if (!stream.write(message)) await drained(stream);
    }
  });
