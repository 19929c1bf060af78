/** A stream of replies over gRPC, message by message as they come. */
import { createHttp2Transport } from '../upstream/http2-transport.ts';
import { parseTarget } from '../upstream/target.ts';
import { requestMessages } from './grpc-caller.ts';
import type { Piece, PreparedGrpc } from './prepared-call.ts';

/** No stream is watched longer. */
const STREAM_TIMEOUT_MS = 300_000;

/** Pulled: who is slow holds the sender back. Throws StatusError for a call that ends badly; leaving it, or aborting the signal, cancels the call. */
export async function* streamMessages(call: PreparedGrpc, signal: AbortSignal): AsyncGenerator<Piece, void> {
  const { target, tls, path, metadata } = call;
  const transport = createHttp2Transport(parseTarget(target), { maxConnections: 1, ...(tls && { tls }) });
  try {
    const deadline = performance.now() + STREAM_TIMEOUT_MS;
    const stream = transport.stream({ path, metadata, deadline, signal }, requestMessages(call));
    // Whoever reads the messages hears of the failure there.
    stream.headers.catch(() => {});
    stream.trailers.catch(() => {});
    for await (const batch of stream) for (const bytes of batch) yield { atMs: performance.now(), bytes };
    await stream.trailers;
  } finally {
    await transport.close(AbortSignal.abort());
  }
}
