/**
 * @module A call over a WebSocket (RFC 6455): one message a frame, on the same URL as the method's rule. Loaded by the first that is asked for.
 */
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Answer, Match } from '../gateway/answer.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { RpcClient } from '../gateway/hooks.ts';
import type { Options } from '../gateway/options.ts';
import { requestIdHeader, requestIdOf } from '../gateway/request-id.ts';
import { hasStreams } from '../gateway/rpc.ts';
import { copyTraceId } from '../gateway/trace-id.ts';
import type { Binding } from '../routing/binding.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { takesRawBytes } from '../transcode/bind-stream.ts';
import type { HttpRequest } from '../transcode/exchange.ts';
import { isRawReply } from '../transcode/http-body.ts';
import { FrameChannel } from './frame-channel.ts';
import { chosenSubprotocol, isSubprotocolOffer } from './subprotocols.ts';

/** A request for a WebSocket. */
export interface Upgrade {
  readonly raw: IncomingMessage;
  readonly head: Buffer;
  readonly http: HttpRequest;
  readonly match: Match;
  readonly client: () => RpcClient;
  /** Called once the WebSocket is taken: from then on nobody else may write to the connection. */
  readonly onAccept: () => void;
}

/** An answer over HTTP instead of a WebSocket; or how the call over it has ended. */
export type UpgradeOutcome = { readonly refusal: Answer } | { readonly failure: StatusError | undefined };

/** Resolves when the call has ended. Throws StatusError where the WebSocket is refused before any hook has seen the call. */
export async function serveWebSocket(gateway: Gateway, upgrade: Upgrade): Promise<UpgradeOutcome> {
  const { match, http, client } = upgrade;
  const { binding, generation } = match;
  if (binding !== undefined) refuseUnary(binding);
  refuseHandshake(http.headers);
  if (!isTokenVerified(match, http.headers)) refuseOtherSites(http.headers, originsOf(gateway.options));
  const gone = new AbortController();
  let channel: FrameChannel | undefined;
  const accept = async (): Promise<Pick<HttpRequest, 'body' | 'frames'>> => {
    channel = openChannel(gateway, upgrade, binding as Binding);
    channel.onClose(() => gone.abort());
    return await requestOf(channel, binding as Binding, gateway.options.limits.requestTimeout);
  };
  // Accept speaks of an answer over HTTP.
  const request = { ...http, headers: { ...http.headers, accept: undefined }, webSocket: { accept } };
  const answer = await gateway.answer(match, request, gone.signal, client);
  copyTraceId(request.headers, http.headers);
  if (channel === undefined) return { refusal: answer };
  const failure = await send(channel, answer);
  channel.close(failure, failure ? JSON.stringify({ error: generation.transcoder.errors.statusOf(failure) }) : '');
  return { failure };
}

function refuseUnary(binding: Binding): void {
  const { method, httpMethod } = binding;
  if (hasStreams(method)) return;
  const message = `${method.fullName} has no streams, so no WebSocket: call it by ${httpMethod} without Upgrade`;
  throw new StatusError(GrpcCode.INVALID_ARGUMENT, message);
}

/** What ws would refuse in words of its own. */
function refuseHandshake(headers: HttpRequest['headers']): void {
  if (headers['sec-websocket-version'] !== '13') {
    throw new StatusError(GrpcCode.INVALID_ARGUMENT, 'a WebSocket is asked for with Sec-WebSocket-Version: 13', {
      httpStatus: 426,
      headers: [['sec-websocket-version', '13']],
    });
  }
  if (!/^[+/\dA-Za-z]{22}==$/.test(String(headers['sec-websocket-key']))) {
    throw StatusError.invalidField('sec-websocket-key', 'not 16 bytes in base64');
  }
  if (!isSubprotocolOffer(headers['sec-websocket-protocol'] as string | undefined)) {
    throw StatusError.invalidField('sec-websocket-protocol', 'not a list of names, each once');
  }
}

/**
 * A token is something that the page itself must know, where it decides who calls: tokens are looked at first. One that nobody here verifies may
 * be anything, and the call be admitted by what the browser adds.
 */
function isTokenVerified({ binding, generation }: Match, { authorization }: HttpRequest['headers']): boolean {
  if (binding === undefined || !/^bearer /i.test(String(authorization))) return false;
  return generation.security?.wantsOf(binding.method).schemes.includes('jwt') === true;
}

/** Sites whose pages may call in a reader's name may do so over WebSockets too. */
function originsOf({ transcoding, security }: Options): readonly string[] {
  const { origins = [], credentials = false } = security.cors ?? {};
  return credentials ? [...transcoding.webSocketOrigins, ...origins] : transcoding.webSocketOrigins;
}

/** Browsers let any page open a WebSocket to anywhere, read it, and have their user's password, cookie or certificate sent along (RFC 6455, 10.2). */
function refuseOtherSites({ origin, host }: HttpRequest['headers'], allowed: readonly string[]): void {
  if (origin === undefined || allowed.includes('*') || allowed.includes(String(origin))) return;
  if (hostOf(String(origin)) === String(host).toLowerCase()) return;
  const message = `pages of ${origin} may not open a WebSocket here without a token that is verified here (webSocketOrigins)`;
  throw new StatusError(GrpcCode.PERMISSION_DENIED, message);
}

/** `https://Example.com:444` → `example.com:444`; undefined for `null`, a page of no site. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function openChannel({ options }: Gateway, { raw, head, onAccept }: Upgrade, binding: Binding): FrameChannel {
  const takesBytes = takesRawBytes(binding);
  const sendsBytes = isRawReply(binding);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: options.limits.bodyBytes,
    handleProtocols: (_offers, { headers }) => chosenSubprotocol(headers['sec-websocket-protocol']) ?? false,
  });
  const id = options.observability.requestIds ? requestIdOf(raw.headers) : undefined;
  if (id !== undefined) server.on('headers', (lines) => lines.push(`${requestIdHeader}: ${id}`));
  let channel: FrameChannel | undefined;
  // Calls back at once, or never where the client has gone.
  server.handleUpgrade(raw, raw.socket, head, (socket: WebSocket) => {
    channel = new FrameChannel(socket, { takesBytes, sendsBytes, heartbeatMs: options.transcoding.heartbeat });
  });
  if (channel === undefined) throw new StatusError(GrpcCode.CANCELLED, 'the client has gone');
  onAccept();
  return channel;
}

/** The message of a call with one, which is the first frame where the rule has a body; or the frames of a stream. */
async function requestOf(
  channel: FrameChannel,
  { body, method }: Binding,
  timeoutMs: number,
): Promise<Pick<HttpRequest, 'body' | 'frames'>> {
  const nothing = new Uint8Array();
  if (method.isClientStreaming) return { body: nothing, frames: channel.frames() };
  if (body.kind === 'none') return { body: nothing };
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    const message = `the message did not arrive within ${timeoutMs / 1000} s`;
    timer = setTimeout(() => reject(new StatusError(GrpcCode.DEADLINE_EXCEEDED, message)), timeoutMs);
  });
  try {
    return { body: await Promise.race([channel.frame(), expired]) };
  } finally {
    clearTimeout(timer);
  }
}

/** Sends the replies, no faster than the client takes them. Resolves with the error that ended them early. */
async function send(channel: FrameChannel, { reply, error }: Answer): Promise<StatusError | undefined> {
  if (error !== undefined) return error;
  if ('body' in reply) {
    await channel.send(reply.body);
    return undefined;
  }
  try {
    for await (const message of reply.chunks) await channel.send(message);
  } catch (cause) {
    return StatusError.from(cause);
  }
  return undefined;
}
