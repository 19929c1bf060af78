// @ts-check
// Bytes of a message beside what they mean and beside the JSON of it: what is pointed at in one is lit in all.

import { h } from '../shared/dom.js';
import { fromBase64 } from './api.js';

/** @typedef {import('./types.js').WireField} WireField */
/** @typedef {import('./types.js').Bytes} Bytes */

const hexOf = (/** @type {Uint8Array} */ bytes) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** @param {string} title @param {Bytes} shown @param {unknown} value the same message as JSON */
export function messageView(title, { base64, length, fields }, value) {
  const bytes = fromBase64(base64);
  const hex = h(
    'div',
    { class: 'hex', role: 'group', 'aria-label': `${title}: bytes` },
    ...hexSpans(bytes, fields, 0, bytes.length, ''),
  );
  const list = h('ul', { class: 'fields' }, ...fieldItems(fields));
  const json = h('pre', { class: 'json' }, ...jsonSpans(value, '', ''));
  const view = h(
    'div',
    { class: 'message' },
    h('h4', {}, `${title} · ${length} bytes${length > bytes.length ? `, the first ${bytes.length} shown` : ''}`),
    h('div', { class: 'three' }, hex, list, json),
  );
  lightUp(view);
  return view;
}

/** Bytes as text where they are text. @param {string} title @param {{ base64: string, length: number }} shown */
export function rawView(title, { base64, length }) {
  const bytes = fromBase64(base64);
  const rows = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const text = [...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '·')).join('');
    rows.push(`${at.toString(16).padStart(4, '0')}  ${hexOf(row).padEnd(48)} ${text}`);
  }
  const label = `${title}: ${length} bytes${length > bytes.length ? `, the first ${bytes.length} shown` : ''}`;
  return h(
    'details',
    {},
    h('summary', {}, label),
    h('pre', { class: 'raw', tabindex: 0, role: 'region', 'aria-label': label }, rows.join('\n')),
  );
}

/** @param {Uint8Array} bytes @param {readonly WireField[]} fields @param {number} from @param {number} to @param {string} path @returns {(Node | string)[]} */
function hexSpans(bytes, fields, from, to, path) {
  const spans = [];
  let at = from;
  for (const field of fields) {
    spans.push(...hexSpan(bytes, field.start, field.valueStart, field.path, 'tag'));
    if (field.fields.length > 0) spans.push(...hexSpans(bytes, field.fields, field.valueStart, field.end, field.path));
    else spans.push(...hexSpan(bytes, field.valueStart, field.end, field.path, 'value'));
    at = field.end;
  }
  return [...spans, ...hexSpan(bytes, at, to, path, 'value')];
}

/** @param {Uint8Array} bytes @param {number} from @param {number} to @param {string} path @param {string} className */
function hexSpan(bytes, from, to, path, className) {
  const part = bytes.subarray(from, to);
  return part.length === 0 ? [] : [h('span', { class: className, 'data-path': path }, hexOf(part)), ' '];
}

/** @param {readonly WireField[]} fields @returns {(Node | string)[]} */
function fieldItems(fields) {
  return fields.map(({ path, number, name, type = '', wireType, value = '', fields: inner, start, end }) =>
    h(
      'li',
      {},
      h(
        'span',
        { 'data-path': path, tabindex: 0 },
        h('b', {}, `${number}`),
        ` ${name ?? 'unknown'} `,
        h('span', { class: 'type' }, `${type.replaceAll(/[\w.]*\./g, '')} · ${wireType} · ${end - start} B`),
        ` ${value}`,
      ),
      inner.length === 0 ? undefined : h('ul', {}, ...fieldItems(inner)),
    ),
  );
}

/** @param {unknown} value @param {string} path @param {string} indent @returns {(Node | string)[]} */
function jsonSpans(value, path, indent) {
  if (typeof value !== 'object' || value === null)
    return [h('span', { 'data-path': path }, JSON.stringify(value) ?? '')];
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return [h('span', { 'data-path': path }, isList ? '[]' : '{}')];
  const deeper = `${indent}  `;
  const members = entries.flatMap(([name, each], index) => {
    const own = isList ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    const head = isList ? [] : [h('span', { 'data-path': own }, JSON.stringify(name)), ': '];
    return [index === 0 ? `\n${deeper}` : `,\n${deeper}`, ...head, ...jsonSpans(each, own, deeper)];
  });
  return [isList ? '[' : '{', ...members, `\n${indent}${isList ? ']' : '}'}`];
}

/** @param {HTMLElement} view */
function lightUp(view) {
  const places = /** @type {HTMLElement[]} */ ([...view.querySelectorAll('[data-path]')]);
  const has = new Set(places.filter((place) => place.closest('.json')).map((place) => place.dataset.path));
  const light = (/** @type {Event} */ event) => {
    const target = event.target instanceof Element ? event.target.closest('[data-path]') : null;
    const path = target instanceof HTMLElement ? (target.dataset.path ?? '') : '';
    // JSON shows some messages as one value: a Timestamp has no seconds there.
    let shown = path;
    while (shown !== '' && !has.has(shown)) shown = shown.replace(/[.[]?[^.[]*$/, '');
    for (const place of places) {
      const own = place.dataset.path ?? '';
      const isInside = path !== '' && (own === path || own.startsWith(`${path}.`) || own.startsWith(`${path}[`));
      place.classList.toggle('lit', isInside || (shown !== '' && own === shown && place.closest('.json') !== null));
    }
  };
  view.addEventListener('pointerover', light);
  view.addEventListener('focusin', light);
}
