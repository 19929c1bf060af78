/** How to reach the gateway. */
export interface ClientOptions {
  /** `https://api.example.com`, with the prefix of the rules' paths if there is one. */
  readonly baseUrl: string;
  /** Sent with every call, or asked for anew for each: credentials that expire. */
  readonly headers?: Headers | (() => Headers | Promise<Headers>);
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

export type Headers = Readonly<Record<string, string>>;

export interface CallOptions {
  readonly headers?: Headers;
  /** Cancels the call, at the server too. */
  readonly signal?: AbortSignal;
  /** The call ends with DEADLINE_EXCEEDED when it takes longer. */
  readonly timeoutMs?: number;
}

/** The requests of a stream. A list is sent at once, anything else as it comes. */
export type Requests<T> = readonly T[] | AsyncIterable<T>;

const codeNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** The name of a gRPC code. */
export type CodeName = (typeof codeNames)[number];

/** A call that failed at the server: what google.rpc.Status says. */
export class RpcError extends Error {
  override readonly name: string = 'RpcError';
  readonly code: number;
  readonly codeName: CodeName;
  /** Of an error in mid-stream 200. */
  readonly httpStatus: number;
  /** Each with its `@type`, as google.rpc.BadRequest and others. */
  readonly details: readonly ({ readonly '@type': string } & Readonly<Record<string, unknown>>)[];

  constructor(status: unknown, httpStatus: number) {
    const { code, message, details } = (status ?? {}) as { code?: unknown; message?: unknown; details?: unknown };
    const number = typeof code === 'number' ? code : 2;
    super(typeof message === 'string' ? message : `HTTP status ${httpStatus}`);
    this.code = number;
    this.codeName = codeNames[number] ?? 'UNKNOWN';
    this.httpStatus = httpStatus;
    this.details = Array.isArray(details) ? details : [];
  }
}

/** One rule: how its method is called over HTTP. */
interface Route {
  readonly method: string;
  /** Text, and the field paths of variables in between; `**` and patterns of several segments keep their slashes. */
  readonly path: readonly (string | { readonly field: readonly string[]; readonly keepsSlashes: boolean })[];
  /** The field that is the body; true for all of the message that the path does not hold, false for none. */
  readonly body: string | boolean;
  /** The body is raw bytes. */
  readonly sendsBytes?: boolean;
  /** The reply is raw bytes. */
  readonly takesBytes?: boolean;
  /** Query parameters that are maps. */
  readonly maps?: readonly string[];
}

type Message = Readonly<Record<string, unknown>>;

// biome-ignore lint/correctness/noUnusedVariables: what is written behind it uses it
class Caller {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async unary<Reply>(route: Route, request: unknown, options?: CallOptions): Promise<Reply> {
    const response = await this.#send(route, request, options, 'application/json');
    return (route.takesBytes ? await response.blob() : await response.json()) as Reply;
  }

  async *stream<Reply>(route: Route, request: unknown, options?: CallOptions): AsyncGenerator<Reply, void> {
    const response = await this.#send(route, request, options, 'text/event-stream');
    if (response.body === null) return;
    if (route.takesBytes) yield* response.body as unknown as AsyncIterable<Reply>;
    else yield* events<Reply>(response.body as unknown as AsyncIterable<Uint8Array>);
  }

  async #send(route: Route, request: unknown, options: CallOptions = {}, accept: string): Promise<Response> {
    const { baseUrl, fetch = globalThis.fetch, headers } = this.#options;
    const general = typeof headers === 'function' ? await headers() : headers;
    const { target, body, contentType } = encode(route, request);
    const response = await fetch(baseUrl.replace(/\/$/, '') + target, {
      method: route.method,
      headers: {
        ...general,
        ...options.headers,
        accept: route.takesBytes ? '*/*' : accept,
        ...(contentType !== undefined && { 'content-type': contentType }),
        ...(options.timeoutMs !== undefined && { 'grpc-timeout': `${Math.ceil(options.timeoutMs)}m` }),
      },
      ...(body !== undefined && { body }),
      // A body that is still being made while the reply arrives.
      ...(body instanceof ReadableStream && { duplex: 'half' }),
      ...(options.signal !== undefined && { signal: options.signal }),
    } as RequestInit);
    if (response.ok) return response;
    const text = await response.text();
    throw new RpcError(statusOf(text), response.status);
  }
}

function statusOf(text: string): unknown {
  try {
    const value = JSON.parse(text);
    return value.error ?? value;
  } catch {
    return { message: text };
  }
}

interface Encoded {
  readonly target: string;
  readonly body?: string | Blob | ReadableStream<Uint8Array>;
  readonly contentType?: string;
}

function encode(route: Route, request: unknown): Encoded {
  if (isStream(request)) return { target: pathOf(route, {}), ...encodeStream(request) };
  if (route.sendsBytes && route.body === true) return { target: pathOf(route, {}), ...encodeBytes(request) };
  const message = (request ?? {}) as Message;
  const path = pathOf(route, message);
  const bound = new Set(route.path.flatMap((part) => (typeof part === 'string' ? [] : [part.field.join('.')])));
  if (route.body === true) return { target: path, body: JSON.stringify(without(message, bound)), contentType: json };
  const rest = Object.entries(message).filter(([name]) => name !== route.body);
  const query = rest.flatMap(([name, value]) => queryPairs(name, value, { bound, maps: route.maps ?? [] }));
  const target = query.length === 0 ? path : `${path}?${new URLSearchParams(query)}`;
  if (route.body === false) return { target };
  const value = message[route.body];
  if (route.sendsBytes) return { target, ...encodeBytes(value) };
  return value === undefined ? { target } : { target, body: JSON.stringify(value), contentType: json };
}

const json = 'application/json';

function isStream(request: unknown): request is Requests<unknown> {
  return Array.isArray(request) || (typeof request === 'object' && request !== null && Symbol.asyncIterator in request);
}

function encodeStream(requests: Requests<unknown>): Omit<Encoded, 'target'> {
  const line = (request: unknown): string => `${JSON.stringify(request)}\n`;
  const contentType = 'application/x-ndjson';
  if (!(Symbol.asyncIterator in requests)) return { body: requests.map(line).join(''), contentType };
  const iterator = requests[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(line(value)));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return { body, contentType };
}

function encodeBytes(value: unknown): Omit<Encoded, 'target'> {
  if (!(value instanceof Blob)) return {};
  return { body: value, contentType: value.type === '' ? 'application/octet-stream' : value.type };
}

function pathOf({ path }: Route, message: Message): string {
  return path
    .map((part) => {
      if (typeof part === 'string') return part;
      const value = part.field.reduce<unknown>((outer, name) => (outer as Message | undefined)?.[name], message);
      if (value === undefined || (value === '' && !part.keepsSlashes)) {
        throw new TypeError(`${part.field.join('.')} is part of the path; set it`);
      }
      const text = encodeURIComponent(String(value));
      return part.keepsSlashes ? text.replaceAll('%2F', '/') : text;
    })
    .join('');
}

/** The message without what the path holds. */
function without(message: Message, bound: ReadonlySet<string>, prefix = ''): Message {
  const kept = Object.entries(message).flatMap(([name, value]) => {
    const path = prefix + name;
    if (bound.has(path)) return [];
    const isOuter = [...bound].some((field) => field.startsWith(`${path}.`));
    return [[name, isOuter ? without(value as Message, bound, `${path}.`) : value] as const];
  });
  return Object.fromEntries(kept);
}

interface QueryFields {
  readonly bound: ReadonlySet<string>;
  readonly maps: readonly string[];
}

/** `a.b=1&c=1&c=2&m[k]=v` */
function queryPairs(name: string, value: unknown, fields: QueryFields): [string, string][] {
  if (value === undefined || value === null || fields.bound.has(name)) return [];
  if (Array.isArray(value)) return value.map((one) => [name, String(one)]);
  if (typeof value !== 'object') return [[name, String(value)]];
  const isMap = fields.maps.includes(name);
  return Object.entries(value).flatMap(([key, one]) =>
    isMap ? [[`${name}[${key}]`, String(one)]] : queryPairs(`${name}.${key}`, one, fields),
  );
}

/** The messages of server-sent events. An error among them ends the stream. */
async function* events<Reply>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Reply, void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart());
      if (lines.includes('event: error')) throw new RpcError(statusOf(data.join('\n')), 200);
      if (data.length > 0) yield JSON.parse(data.join('\n'));
    }
  }
}
