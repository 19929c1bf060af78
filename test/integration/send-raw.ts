/**
 * One HTTP/1 request whose target and header bytes are sent as they are: URL parsers and HTTP clients normalise both.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';

export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** A list sends the header that often; null leaves out one that would be sent by itself. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly bodyBase64?: string;
  /** 1.1 when left out. */
  readonly version?: '1.0' | '1.1';
}

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly trailers: IncomingMessage['trailers'];
  readonly body: Buffer;
  /** The connection ended before the reply did. */
  readonly isCut: boolean;
}

/** Resolves with the whole reply. JSON bodies get their content type, bodies their length, unless the headers say otherwise. */
export function sendRaw(url: string, request: RawRequest): Promise<RawReply> {
  return sendBytes(url, requestBytes(url, request), request.method === 'HEAD');
}

/** Sends bytes on a connection of their own; resolves with the first reply. `isLast`: nothing more is sent. */
export async function sendBytes(url: string, bytes: Uint8Array, isHead = false, isLast = false): Promise<RawReply> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // Node's own client parses the reply; what it would write itself goes nowhere.
  const reader = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  socket.on('data', (chunk) => reader.push(chunk));
  socket.on('close', () => reader.push(null));
  socket.on('error', () => {});
  if (isLast) socket.end(bytes);
  else socket.write(bytes);
  try {
    return await readReply(reader, isHead);
  } finally {
    socket.destroy();
  }
}

function requestBytes(url: string, { method, target, headers = {}, version = '1.1', ...content }: RawRequest): Buffer {
  const body = bodyOf(content);
  const all: Record<string, string | readonly string[] | null> = { host: new URL(url).host, connection: 'close' };
  if (body !== undefined) all['content-length'] = String(body.length);
  if (content.body !== undefined) all['content-type'] = 'application/json';
  const lines = Object.entries({ ...all, ...headers }).flatMap(([name, value]) =>
    (value === null ? [] : [value].flat()).map((each) => `${name}: ${each}`),
  );
  const head = [`${method} ${target} HTTP/${version}`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]);
}

function bodyOf({ body, bodyBase64 }: Pick<RawRequest, 'body' | 'bodyBase64'>): Buffer | undefined {
  if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, 'base64');
  return body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function readReply(reader: Duplex, isHead: boolean): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const client = httpRequest({ method: isHead ? 'HEAD' : 'GET', createConnection: () => reader as never });
    client.on('error', reject);
    client.on('response', (response) => {
      const chunks: Buffer[] = [];
      const finish = (isCut: boolean): void => {
        const { statusCode: status = 0, headers, trailers } = response;
        resolve({ status, headers, trailers, body: Buffer.concat(chunks), isCut });
      };
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => finish(false));
      response.on('error', () => finish(true));
    });
    client.end();
  });
}
