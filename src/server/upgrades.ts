/**
 * Requests to upgrade the connection. Node takes them out of the ordinary way once anybody listens for them; they are led back: those for a
 * WebSocket through Fastify's router, so that the app's hooks run and may refuse, all others as if they had asked for nothing.
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { bearerOf } from './subprotocols.ts';

/** What came behind the head of a request for a WebSocket. */
const heads = new WeakMap<IncomingMessage, Buffer>();

/** The first bytes behind the head of a request for a WebSocket; undefined for any other request. */
export function upgradeHead(request: IncomingMessage): Buffer | undefined {
  return heads.get(request);
}

/** Whose upgrades are taken on a server. */
interface Taker {
  readonly isOurs: ((target: string) => boolean)[];
  readonly sockets: Set<Duplex>;
}

const takers = new WeakMap<Server, Taker>();

/** Lets an app's server take WebSockets. Where others listen for upgrades, too, they keep those whose target is not ours. */
export function takeUpgrades(app: FastifyInstance, isOurs: (target: string) => boolean, drainMs: number): void {
  const { server } = app;
  const known = takers.get(server);
  if (known !== undefined) return void known.isOurs.push(isOurs);
  const taker: Taker = { isOurs: [isOurs], sockets: new Set() };
  takers.set(server, taker);
  // A server that closes waits for connections that Node no longer knows as its own.
  app.addHook('preClose', async () => {
    const end = (): void => {
      for (const socket of taker.sockets) socket.destroy();
    };
    setTimeout(end, drainMs).unref();
  });
  // Before @fastify/websocket, which would route the request without what is remembered of it here.
  server.prependListener('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isAlone = server.listenerCount('upgrade') === 1;
    const isWebSocket = request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';
    if (!isWebSocket) {
      if (isAlone) serveWithout(server, request, socket, head);
    } else if (isAlone || taker.isOurs.some((each) => each(request.url ?? '/'))) {
      heads.set(request, head);
      allowBearer(request);
      taker.sockets.add(socket);
      socket.on('close', () => taker.sockets.delete(socket));
      if (!app.hasDecorator('websocketServer')) route(app, request);
    }
  });
}

/** Browsers cannot set headers of a WebSocket; what stands for one becomes it before anybody looks. */
function allowBearer({ headers }: IncomingMessage): void {
  const token = bearerOf(headers['sec-websocket-protocol']);
  if (token !== undefined) headers.authorization ??= `Bearer ${token}`;
}

function route(app: FastifyInstance, request: IncomingMessage): void {
  const { socket } = request;
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(request);
  // Node would read no other request from it.
  response.shouldKeepAlive = false;
  response.on('finish', () => socket.destroySoon());
  response.assignSocket(socket);
  app.routing(request, response);
}

/**
 * A server may ignore an upgrade (RFC 9110, 7.8): `curl --http2` asks every server for one to h2c. Node has let go of the connection, so it
 * gets it again, as a new one that begins with the same request.
 */
function serveWithout(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
    if (!/^(?:upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  if (head.length > 0) socket.unshift(head);
  socket.unshift(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
}
