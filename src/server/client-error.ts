/**
 * What Node's HTTP parser refuses never becomes a request: it is answered on the socket itself, in the same words as every other error.
 */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Gateway } from '../gateway/gateway.ts';
import { codeOfHttpStatus } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

const refusals: Readonly<Record<string, readonly [httpStatus: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the request header block is too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the chunk extensions of the request body are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not arrive in time'],
};

/** Answers with 400, 408, 413 or 431 and ends the connection; nothing more can be read from it. */
export function refuseConnection(cause: NodeJS.ErrnoException, socket: Duplex, gateway: Gateway): void {
  if (cause.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [httpStatus, message] = refusals[cause.code ?? ''] ?? [400, 'the request is not HTTP'];
  const error = new StatusError(codeOfHttpStatus(httpStatus), message, { httpStatus, cause });
  const { reply } = gateway.answerError(error, {});
  const body = 'body' in reply ? reply.body : new Uint8Array();
  const headers = [...reply.headers, ['content-length', body.length], ['connection', 'close']];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus]}\r\n${lines.join('')}\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, 'latin1'), body]), () => socket.destroy());
}
