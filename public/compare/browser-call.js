// @ts-check
// The same call made by the browser itself, as a web page would make it.
import { fromBase64, post, toBase64 } from './api.js';

/** @typedef {import('./types.js').HttpCall} HttpCall */

/**
 * Calls and hands on the pieces of the answer as they come.
 * @param {HttpCall} call @param {{ signal?: AbortSignal, accept?: string, mark?: string, onPiece?: (bytes: Uint8Array, atMs: number) => void | Promise<void> }} [how]
 */
export async function fetchCall({ method, target, headers, body }, { signal, accept, mark, onPiece } = {}) {
  const start = performance.now();
  /** @type {[string, string][]} */
  const fields = headers.filter(([name]) => name !== 'accept' || accept === undefined);
  if (accept !== undefined) fields.push(['accept', accept]);
  if (mark !== undefined) fields.push(['x-tandem-comparison', mark]);
  const bytes = fromBase64(body);
  const response = await fetch(target, {
    method,
    headers: fields,
    cache: 'no-store',
    ...(bytes.length > 0 && { body: bytes }),
    ...(signal && { signal }),
  });
  const firstByteMs = performance.now() - start;
  /** @type {{ atMs: number, base64: string }[]} */
  const pieces = [];
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done || value === undefined) break;
    const atMs = performance.now() - start;
    pieces.push({ atMs, base64: toBase64(value) });
    await onPiece?.(value, atMs);
  }
  return {
    status: response.status,
    headers: [...response.headers],
    pieces,
    firstByteMs,
    totalMs: performance.now() - start,
  };
}

/** What an answer to the browser says, as the gateway's answers are read. @param {string} method @param {HttpCall} call */
export async function callFromBrowser(method, call) {
  const { firstByteMs, totalMs, ...answer } = await fetchCall(call);
  const read = await post('answer', { method, protocol: call.protocol, ...answer });
  return { protocol: call.protocol, firstByteMs, totalMs, status: read.status, said: read.said };
}
