/** A call of one method by each protocol, and what each is told of its failure. */
import { once } from 'node:events';
import { connect } from 'node:http2';

const ping = '/vault.Vault/Ping';
const frame = Buffer.alloc(5);

/** How a call was answered: its code, and the headers or trailers. */
export interface Answered {
  readonly code: number | string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly detailTypes: readonly string[];
}

const typesIn = (bytes: Uint8Array): readonly string[] =>
  [
    ...Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/type\.googleapis\.com\/([\w.]+)/g),
  ].map(([, type = '']) => type);
const typesInBase64 = (text: unknown): readonly string[] => typesIn(Buffer.from(String(text ?? ''), 'base64'));

async function post(
  url: string,
  type: string,
  body: Uint8Array,
): Promise<{ headers: Record<string, string>; body: string }> {
  const headers = { 'content-type': type, 'connect-protocol-version': '1' };
  const response = await fetch(url + ping, { method: 'POST', headers, body: new Uint8Array(body) });
  return { headers: Object.fromEntries(response.headers), body: await response.text() };
}

/** A call of one method by each protocol. */
export const protocols: Readonly<Record<string, (url: string) => Promise<Answered>>> = {
  rest: async (url) => {
    const response = await fetch(`${url}/ping`);
    const { code = 0, details = [] } = (await response.json()) as { code?: number; details?: { '@type': string }[] };
    const detailTypes = details.map((detail) => detail['@type'].replace('type.googleapis.com/', ''));
    return { code, headers: Object.fromEntries(response.headers), detailTypes };
  },
  connect: async (url) => {
    const { headers, body } = await post(url, 'application/json', Buffer.from('{}'));
    const { code = 0, details = [] } = JSON.parse(body) as { code?: string; details?: { type: string }[] };
    return { code: code === 'resource_exhausted' ? 8 : code, headers, detailTypes: details.map(({ type }) => type) };
  },
  'gRPC-Web': async (url) => {
    const { headers, body } = await post(url, 'application/grpc-web+proto', frame);
    const { 'grpc-status': code = /grpc-status: ?(\d+)/.exec(body)?.[1] } = headers;
    const bytes = headers['grpc-status-details-bin'] ?? /grpc-status-details-bin: ?(\S+)/.exec(body)?.[1];
    return { code: Number(code), headers, detailTypes: typesInBase64(bytes) };
  },
  gRPC: async (url) => {
    const session = connect(url);
    const stream = session.request({
      ':method': 'POST',
      ':path': ping,
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    let trailers: Record<string, unknown> = {};
    stream.once('trailers', (sent) => (trailers = sent));
    stream.end(frame);
    const [head] = await once(stream, 'response');
    stream.resume();
    await once(stream, 'close');
    session.destroy();
    const headers = { ...head, ...trailers };
    return {
      code: Number(headers['grpc-status']),
      headers,
      detailTypes: typesInBase64(headers['grpc-status-details-bin']),
    };
  },
};
