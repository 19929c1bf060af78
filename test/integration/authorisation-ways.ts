/**
 * The ways by which a client can call a method, for the authorisation matrix. A protocol that is added to the gateway is added to `ways`.
 */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import type { Generation } from '../../src/gateway/generation.ts';
import type { MethodDescriptor } from '../../src/schema/descriptors.ts';
import { sendRaw } from './send-raw.ts';

/** One request as a client writes it. */
export interface Call {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Way {
  readonly name: string;
  /** The requests that call a method by this way. */
  callsOf(method: MethodDescriptor, generation: Generation): readonly Call[];
  /** Spellings that no request of this kind can have. */
  readonly unspeakable?: readonly string[];
  /** The HTTP status, or that of the gRPC code where the protocol has none of its own. */
  statusOf(url: string, call: Call): Promise<number>;
}

function restCalls(method: MethodDescriptor, { table }: Generation): readonly Call[] {
  return table.bindings
    .filter((binding) => binding.method === method)
    .map(({ httpMethod, path, body }) => {
      const call = { method: httpMethod, target: path.replace(/\{[^}]+\}/g, '7'), headers: {} };
      return body.kind === 'none' ? call : { ...call, headers: { 'content-type': 'application/json' }, body: '{}' };
    });
}

async function rawStatus(url: string, { method, target, headers, body }: Call): Promise<number> {
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const content = body === undefined ? {} : { bodyBase64: Buffer.from(body).toString('base64') };
  const {
    status,
    headers: answered,
    body: text,
  } = await sendRaw(url, {
    method,
    target,
    headers: { ...headers, ...length },
    ...content,
  });
  // gRPC-Web has trailers in the body, perhaps as base64.
  const texts = [text, Buffer.from(text.toString('latin1'), 'base64')].map((bytes) => bytes.toString('latin1'));
  const [, code = answered['grpc-status']] = /grpc-status: ?(\d+)/.exec(texts.join('\n')) ?? [];
  return code === '16' ? 401 : code === '7' ? 403 : status;
}

async function http2Status(url: string, { method, target, headers, body }: Call): Promise<number> {
  const session = connect(url);
  try {
    const stream = session.request(
      { ':method': method, ':path': target, ...headers },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    const [answered] = await once(stream, 'response');
    stream.close();
    return answered[':status'];
  } catch {
    // Reset: nobody was let in.
    return 400;
  } finally {
    session.destroy();
  }
}

/** A stream of Connect ends with its error in a message of its own. */
async function connectStatus(url: string, { method, target, headers, body }: Call): Promise<number> {
  const content = body === undefined ? {} : { bodyBase64: Buffer.from(body).toString('base64') };
  const reply = await sendRaw(url, { method, target, headers, ...content });
  const [, code] = /"code":"(unauthenticated|permission_denied)"/.exec(reply.body.toString('latin1')) ?? [];
  return code === 'unauthenticated' ? 401 : code === 'permission_denied' ? 403 : reply.status;
}

/** A call by native gRPC: its status stands in the trailers, or in the headers of an answer without messages. */
async function grpcStatus(url: string, { target, headers, body, method }: Call): Promise<number> {
  const session = connect(url);
  try {
    const stream = session.request({ ':method': method, ':path': target, te: 'trailers', ...headers });
    stream.end(body, 'latin1');
    let code: unknown;
    for (const event of ['response', 'trailers']) stream.on(event, (block) => (code ??= block['grpc-status']));
    stream.resume();
    await once(stream, 'close');
    return code === '16' ? 401 : code === '7' ? 403 : 200;
  } catch {
    return 400;
  } finally {
    session.destroy();
  }
}

async function upgradeStatus(url: string, { method, target, headers }: Call): Promise<number> {
  const { hostname, port } = new URL(url);
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const call = httpRequest({
    hostname,
    port,
    method,
    path: target,
    headers: { ...headers, ...handshake },
    agent: false,
  });
  return await new Promise((resolve) => {
    call.on('upgrade', (_reply, socket, head) => {
      // With the first message the call has been made.
      socket.once('close', () => resolve(101));
      if (head.length > 0) socket.destroy();
      else socket.once('data', () => socket.destroy());
    });
    call.on('response', (reply) => {
      reply.destroy();
      resolve(reply.statusCode ?? 0);
    });
    call.on('error', () => resolve(400));
    call.end();
  });
}

const rpcCall = (path: string, headers: Readonly<Record<string, string>>, body: string): readonly Call[] => [
  { method: 'POST', target: path, headers, body },
];

export const ways: readonly Way[] = [
  { name: 'REST', callsOf: restCalls, statusOf: rawStatus },
  {
    name: 'server-sent events',
    callsOf: (method, generation) =>
      method.isServerStreaming
        ? restCalls(method, generation).map((call) => ({
            ...call,
            headers: { ...call.headers, accept: 'text/event-stream' },
          }))
        : [],
    statusOf: rawStatus,
  },
  {
    name: 'REST over HTTP/2',
    callsOf: restCalls,
    statusOf: http2Status,
    unspeakable: ['absolute form', 'absolute form in capitals'],
  },
  {
    name: 'WebSocket',
    callsOf: (method, generation) =>
      method.isServerStreaming || method.isClientStreaming
        ? restCalls(method, generation).map(({ target }) => ({ method: 'GET', target, headers: {} }))
        : [],
    statusOf: upgradeStatus,
  },
  {
    name: 'Connect',
    callsOf: ({ path, isServerStreaming }) =>
      isServerStreaming
        ? rpcCall(path, { 'content-type': 'application/connect+json' }, '\0\0\0\0\u0002{}')
        : rpcCall(path, { 'content-type': 'application/json', 'connect-protocol-version': '1' }, '{}'),
    statusOf: connectStatus,
  },
  {
    name: 'Connect by GET',
    callsOf: ({ path, idempotency }) =>
      idempotency === 'noSideEffects'
        ? [{ method: 'GET', target: `${path}?connect=v1&encoding=json&message=%7B%7D`, headers: {} }]
        : [],
    statusOf: connectStatus,
  },
  {
    name: 'gRPC',
    callsOf: ({ path }) => rpcCall(path, { 'content-type': 'application/grpc' }, '\0\0\0\0\0'),
    statusOf: grpcStatus,
    unspeakable: ['absolute form', 'absolute form in capitals'],
  },
  {
    name: 'gRPC-Web',
    callsOf: ({ path }) => rpcCall(path, { 'content-type': 'application/grpc-web+proto' }, '\0\0\0\0\0'),
    statusOf: rawStatus,
  },
  {
    name: 'gRPC-Web text',
    callsOf: ({ path }) => rpcCall(path, { 'content-type': 'application/grpc-web-text' }, 'AAAAAAA='),
    statusOf: rawStatus,
  },
];

/** Other spellings of one request: what a rule on paths would miss. */
export const spellings: Readonly<Record<string, (call: Call) => Call>> = {
  plain: (call) => call,
  'empty query': (call) => to(call, `${call.target}?`),
  query: (call) => to(call, `${call.target}?$alt=json`),
  'unknown query': (call) => to(call, `${call.target}?admin=true`),
  'capital letters': (call) => to(call, call.target.toUpperCase()),
  'two slashes first': (call) => to(call, `/${call.target}`),
  'two slashes last': (call) => to(call, call.target.replace(/\/(?=[^/]*$)/, '//')),
  'slash behind': (call) => to(call, `${call.target}/`),
  'encoded slash': (call) => to(call, call.target.replace(/\/(?=[^/]*$)/, '%2F')),
  'encoded slash in lower case': (call) => to(call, call.target.replace(/\/(?=[^/]*$)/, '%2f')),
  'encoded letter': (call) =>
    to(
      call,
      call.target.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    ),
  'all letters encoded': (call) =>
    to(
      call,
      call.target.replace(/[a-z]/gi, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    ),
  'encoded twice': (call) =>
    to(
      call,
      call.target.replace(/[a-z]/, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
    ),
  'encoded colon': (call) => to(call, call.target.replace(':', '%3A')),
  'a verb behind': (call) => to(call, `${call.target}:read`),
  'dot segment': (call) => to(call, `/.${call.target}`),
  'two dots behind': (call) => to(call, `${call.target}/x/..`),
  'two dots first': (call) => to(call, `/x/..${call.target}`),
  'encoded dots': (call) => to(call, `/x/%2e%2e${call.target}`),
  'a parameter of the path': (call) => to(call, `${call.target};x=1`),
  'a parameter in the path': (call) => to(call, call.target.replace(/\/(?=[^/]*$)/, ';x/')),
  'back slash': (call) => to(call, call.target.replace(/\/(?=[^/]*$)/, '%5C')),
  NUL: (call) => to(call, `${call.target}%00`),
  HEAD: (call) => ({ ...call, method: 'HEAD' }),
  OPTIONS: (call) => ({ ...call, method: 'OPTIONS' }),
  'another method by header': (call) => ({ ...call, headers: { ...call.headers, 'x-http-method-override': 'GET' } }),
  'absolute form': (call) => to(call, `http://other.example${call.target}`),
  'absolute form in capitals': (call) => to(call, `HTTP://OTHER${call.target}`),
};

function to(call: Call, target: string): Call {
  return { ...call, target };
}
