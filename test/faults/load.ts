/**
 * Clients of a gateway: workers that make one call of a ledger after the other, of every kind, and believe nothing that they get.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as requestByTls, Agent as TlsAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { httpStatusOf } from '../../src/status/code.ts';
import { type Kind, kinds, type Ledger, type Outcome } from './ledger.ts';
import { copiesOf, hashOf } from './ledger-upstream.ts';

export interface LoadOptions {
  readonly workers?: number;
  readonly kinds?: readonly Kind[];
  /** For https: each call then has a connection of its own. */
  readonly tls?: ConnectionOptions;
  /** Of each call, made anew. */
  readonly authorization?: () => Promise<string>;
}

type Judged = Pick<Outcome, 'failure' | 'wrong'>;

interface Call {
  readonly kind: Kind;
  readonly id: string;
  readonly texts: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

const ndjson = 'application/x-ndjson';

/** Calls until it is stopped. */
export class Load {
  /** Calls are made no more when it says so; a worker then waits. */
  isPaused = false;
  readonly #url: string;
  readonly #ledger: Ledger;
  readonly #agent: Agent;
  readonly #authorization: LoadOptions['authorization'];
  readonly #workers: Promise<unknown>;
  #isDone = false;
  #calls = 0;

  constructor(url: string, ledger: Ledger, options: LoadOptions = {}) {
    this.#url = url;
    this.#ledger = ledger;
    const { workers = 8, tls, authorization } = options;
    this.#agent = tls ? new TlsAgent(tls) : new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
    this.#authorization = authorization;
    this.#workers = Promise.all(Array.from({ length: workers }, () => this.#work(options.kinds ?? kinds)));
  }

  /** Resolves when the last call has ended. */
  async stop(): Promise<void> {
    this.#isDone = true;
    await this.#workers;
    this.#agent.destroy();
  }

  async #work(kinds: readonly Kind[]): Promise<void> {
    while (!this.#isDone) {
      if (this.isPaused) {
        await sleep(5);
        continue;
      }
      const kind = kinds[this.#calls++ % kinds.length] as Kind;
      const { failure } = await this.call(kind);
      // Who is told that something is down does not come again at once.
      if (failure !== undefined) await sleep(5);
    }
  }

  /** One call, entered in the ledger when it has ended. */
  async call(kind: Kind, copies = 20, headers: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const first = `${copies} ${randomBytes(randomBytes(1).readUInt8() * 3).toString('base64url')}`;
    const texts = kind === 'upload' ? [first, 'second', 'third'] : [first];
    const call = { kind, id: randomUUID(), texts, headers };
    const startedAt = performance.now();
    const judged = await this.#perform(call).catch((): Judged => ({ failure: 'no answer' }));
    const outcome = { kind, id: call.id, hash: hashOf(texts), ...judged, startedAt, endedAt: performance.now() };
    this.#ledger.enter(outcome);
    return outcome;
  }

  async #perform(call: Call): Promise<Judged> {
    const [path, body, options] = requestOf(call);
    const send = this.#url.startsWith('https:') ? requestByTls : request;
    const authorization = this.#authorization && { authorization: await this.#authorization() };
    const headers = { ...options.headers, ...authorization, ...call.headers };
    const outgoing = send(this.#url + path, { agent: this.#agent, ...options, headers });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    outgoing.end(body);
    const [incoming] = await answered;
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    return judge(call, incoming, Buffer.concat(chunks).toString());
  }
}

type Head = RequestOptions & { readonly headers?: Readonly<Record<string, string>> };

function requestOf({ kind, id, texts }: Call): [path: string, body: string, options: Head] {
  const [text = ''] = texts;
  const query = `?${new URLSearchParams({ text })}`;
  const json = { 'content-type': 'application/json' };
  switch (kind) {
    case 'read':
      return [`/v1/entries/${id}${query}`, '', { method: 'GET' }];
    case 'write':
      return ['/v1/entries', JSON.stringify({ id, text }), { method: 'POST', headers: json }];
    case 'watch':
      return [`/v1/entries/${id}/copies${query}`, '', { method: 'GET', headers: { accept: ndjson } }];
    case 'upload': {
      const lines = texts.map((each) => `${JSON.stringify({ id, text: each })}\n`);
      return ['/v1/entries:upload', lines.join(''), { method: 'POST', headers: { 'content-type': ndjson } }];
    }
  }
}

/** Whether an answer that came whole is what was asked for, or a failure as failures are to be. */
function judge(call: Call, { statusCode = 0, headers }: IncomingMessage, body: string): Judged {
  try {
    if (statusCode !== 200) {
      const { code } = JSON.parse(body);
      const isMapped = httpStatusOf(code) === statusCode && /^application\/json/.test(headers['content-type'] ?? '');
      return { failure: statusCode, ...(!isMapped && { wrong: `${statusCode} with ${body}` }) };
    }
    return call.kind === 'watch' ? judgeStream(call, body) : judgeReply(call, JSON.parse(body));
  } catch {
    return { wrong: `${statusCode} that cannot be read: ${body.slice(0, 200)}` };
  }
}

function judgeReply({ kind, id, texts }: Call, reply: Record<string, unknown>): Judged {
  const text = kind === 'upload' ? hashOf(texts) : texts[0];
  return reply['id'] === id && reply['text'] === text ? {} : { wrong: `answered with ${JSON.stringify(reply)}` };
}

function judgeStream({ id, texts }: Call, body: string): Judged {
  const [text = ''] = texts;
  const lines = body.split('\n').slice(0, -1);
  const last = JSON.parse(lines.at(-1) ?? 'null');
  const failure = last?.error === undefined ? undefined : httpStatusOf(last.error.code);
  const copies = failure === undefined ? lines : lines.slice(0, -1);
  for (const [number, line] of copies.entries()) {
    const copy = JSON.parse(line);
    if (copy.id !== id || copy.text !== text || (copy.number ?? 0) !== number) return { wrong: `${line} as ${number}` };
  }
  if (failure !== undefined) return { failure };
  return copies.length === copiesOf(text) ? {} : { wrong: `${copies.length} copies and a good end` };
}
