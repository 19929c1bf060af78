// @ts-check
// The frame of a drawing.
import { h, svg } from './dom.js';

/** Of every drawing, in its own units. */
export const width = 640;

/** @param {string} label @param {number} height @param {Node[]} shapes @param {Node} [key] */
export function figure(label, height, shapes, key) {
  const drawing = svg(
    'svg',
    { role: 'img', 'aria-label': label, viewBox: `0 0 ${width} ${height}`, class: 'chart' },
    ...shapes,
  );
  return h(
    'figure',
    {},
    h('figcaption', {}, label),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, drawing),
    key,
  );
}
