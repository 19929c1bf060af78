/**
 * What is left of a request's body when it has been answered may never be read: an error, or an upstream that ends a call before its request,
 * leaves it. Node would take the rest in, however long, to serve another request.
 */
import type { ServerHttp2Stream } from 'node:http2';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Time for what is left of an answer over HTTP/2 to be on its way: the reset of a stream overtakes it, and most clients end by then. */
const LAST_FRAMES_MS = 500;

/** Time for a client of HTTP/1.1 to see its answer. */
const LINGER_MS = 5000;

/** Has the stream, or the connection where there are none, end soon after the answer. Called before the answer is sent. */
export function leaveBody({ raw }: FastifyRequest, reply: FastifyReply): void {
  const { stream } = raw as { readonly stream?: ServerHttp2Stream };
  if (stream === undefined) {
    const { socket } = raw;
    reply.header('connection', 'close');
    // Node calls it when the answer is written.
    socket.destroySoon = () => linger(socket);
    return;
  }
  // Not the response's event, which comes only when the stream is closed.
  stream.once('finish', () => {
    const timer = setTimeout(() => stream.close(), LAST_FRAMES_MS);
    stream.once('close', () => clearTimeout(timer));
  });
}

/**
 * Ends what we send, and takes in what still comes without looking at it. A connection that is closed with bytes unread is reset, and the reset
 * may take from the client an answer that it has not read (RFC 9112, 9.6).
 */
function linger(socket: FastifyRequest['raw']['socket']): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer)).end();
  // A listener for data takes from Node's server the one that reads on when a paused socket is resumed.
  if (socket.isPaused()) socket.once('resume', () => discard(socket)).resume();
  else discard(socket);
}

function discard(socket: FastifyRequest['raw']['socket']): void {
  // The parser would have a request served that follows.
  socket.removeAllListeners('data').removeAllListeners('end');
  socket.on('data', () => {}).once('end', () => socket.destroy());
}
