// @ts-check
// What the gateway tells while streams run: of gRPC each message, and of all calls what the upstream has given. One answer for all,
// since browsers open six connections and no more.
import { lines, post } from './api.js';

/** @typedef {ReturnType<typeof openFeed>} Feed */

/** @param {object} request @param {AbortSignal} signal */
export function openFeed(request, signal) {
  const closing = new AbortController();
  signal.addEventListener('abort', () => closing.abort());
  /** @type {Map<string, { resolve: (line: any) => void, reject: (error: unknown) => void }>} */
  const waiting = new Map();
  /** @type {Map<string, (atMs: number, bytes: number) => void>} */
  const listeners = new Map();
  /** @type {Readonly<Record<string, { messages: number, bytes: number }>>} */
  let given = {};
  /** The first line of this name. @param {string} name @returns {Promise<any>} */
  const first = (name) => {
    const line = new Promise((resolve, reject) => waiting.set(name, { resolve, reject }));
    line.catch(() => {});
    return line;
  };
  const begin = first('begin');
  const ends = new Map(['grpc', 'grpc-direct'].map((protocol) => [protocol, first(protocol)]));
  const read = async () => {
    for await (const line of lines('streams', request, closing.signal)) {
      if (line.kind === 'message') listeners.get(line.protocol)?.(line.atMs, line.bytes);
      if (line.kind === 'given') given = line.counts;
      waiting.get(line.kind === 'end' ? line.protocol : line.kind)?.resolve(line);
    }
    throw new Error('the gateway went away');
  };
  read().catch((error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    closing.abort();
  });
  const begun = begin.then(({ mark }) => /** @type {string} */ (mark));
  begun.catch(() => {});
  return {
    /** By what the gateway knows calls of this page, once it has begun; a label belongs behind it. */
    begun,
    /** For the call with that label. @param {string} label */
    given: (label) => given[label],
    /** How a call over gRPC ends; its messages are told meanwhile. @param {string} protocol @param {(atMs: number, bytes: number) => void} onMessage */
    follow: async (protocol, onMessage) => {
      listeners.set(protocol, onMessage);
      const { protocols } = await begin;
      if (!protocols.includes(protocol)) return 'not there for this method';
      const { code, message } = await ends.get(protocol);
      return `${code}${message ? `: ${message}` : ''}`;
    },
    /** Resolves when all that was given is known. */
    close: async () => {
      if (!closing.signal.aborted) given = await post('given', { mark: await begun }).catch(() => given);
      closing.abort();
    },
  };
}
