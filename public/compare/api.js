// @ts-check
// What the page asks its gateway.
const base = `${document.body.dataset.base ?? '/compare'}/api`;

/** A refusal, with the field that is wrong where it is one. */
export class ApiError extends Error {
  /** @param {string} message @param {string | undefined} field @param {string} description */
  constructor(message, field, description) {
    super(message);
    this.field = field;
    this.description = description;
  }
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const error = body.error ?? body;
  const message = error.message ?? error.detail ?? `HTTP ${response.status}`;
  const violation = error.details?.flatMap((/** @type {any} */ each) => each.fieldViolations ?? [])[0];
  return new ApiError(message, violation?.field, violation?.description ?? message);
}

/** @param {string} action @returns {Promise<any>} */
export async function get(action) {
  const response = await fetch(`${base}/${action}`);
  if (!response.ok) throw await refusal(response);
  return response.json();
}

/** @param {string} action @param {unknown} body @param {AbortSignal} [signal] */
async function send(action, body, signal) {
  const response = await fetch(`${base}/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  if (!response.ok) throw await refusal(response);
  return response;
}

/** @param {string} action @param {unknown} body @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function post(action, body, signal) {
  return (await send(action, body, signal)).json();
}

/** The lines of an answer as they come. @param {string} action @param {unknown} body @param {AbortSignal} signal */
export async function* lines(action, body, signal) {
  const response = await send(action, body, signal);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    const whole = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) if (line !== '') yield JSON.parse(line);
    if (done) return;
  }
}

/** @param {string} id @param {string} format */
export const reportUrl = (id, format) => `${base}/report?id=${encodeURIComponent(id)}&format=${format}`;

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** @param {string} text */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
