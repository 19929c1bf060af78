// @ts-check
// Lines over time, with gaps where there is nothing to say.

import { h, svg } from '../shared/dom.js';
import { figure } from '../shared/figure.js';
import { clockText } from './texts.js';

const [width, left, right, top, tall] = [640, 104, 12, 12, 190];

/** @typedef {{ name: string, values: readonly (number | undefined)[] }} Line */

/**
 * One value a step of each line.
 * @param {string} label @param {readonly Line[]} lines @param {{ from: number, stepMs: number, text: (value: number) => string }} how
 */
export function timeChart(label, lines, { from, stepMs, text }) {
  const known = lines.flatMap(({ values }) => values.filter((value) => value !== undefined));
  const most = roundUp(Math.max(0, ...known));
  const count = Math.max(1, ...lines.map(({ values }) => values.length));
  const placeX = (/** @type {number} */ index) => left + ((index + 0.5) / count) * (width - left - right);
  const placeY = (/** @type {number} */ value) => top + tall - (value / most) * tall;
  const paths = lines.map(({ name, values }, index) =>
    svg(
      'path',
      { d: pathOf(values, placeX, placeY), class: `line lane-${index} dash-${index}` },
      svg('title', {}, name),
    ),
  );
  const levels = [0, most / 2, most].flatMap((level) => [
    svg('path', { d: `M${left} ${placeY(level)}H${width - right}`, class: level === 0 ? 'axis' : 'grid' }),
    svg('text', { x: left - 6, y: placeY(level) + 4, 'text-anchor': 'end' }, text(level)),
  ]);
  const times = [
    svg('text', { x: left, y: top + tall + 24 }, clockText(from)),
    svg('text', { x: width - right, y: top + tall + 24, 'text-anchor': 'end' }, clockText(from + count * stepMs)),
  ];
  const key = h('p', { class: 'key' }, ...lines.flatMap((line, index) => keyOf(line, index, text)));
  const words = lines.map((line) => `${line.name} ${lastText(line, text)}`).join(', ');
  const drawn = figure(label, top + tall + 32, [...levels, ...times, ...paths], key);
  drawn.querySelector('svg')?.setAttribute('aria-label', `${label}, last: ${words}; at most ${text(most)}`);
  return drawn;
}

/** @param {Line} line @param {number} index @param {(value: number) => string} text */
function keyOf(line, index, text) {
  const sample = svg(
    'svg',
    { viewBox: '0 0 28 8', width: 28, height: 8, 'aria-hidden': 'true' },
    svg('path', { d: 'M2 4H26', class: `line lane-${index} dash-${index}` }),
  );
  return [sample, ` ${line.name} ${lastText(line, text)} `];
}

/** @param {Line} line @param {(value: number) => string} text */
function lastText({ values }, text) {
  const last = values.findLast((value) => value !== undefined);
  return last === undefined ? '–' : text(last);
}

/** @param {Line['values']} values @param {(index: number) => number} x @param {(value: number) => number} y */
function pathOf(values, x, y) {
  return values
    .map((value, index) => {
      if (value === undefined) return '';
      const isAlone = values[index - 1] === undefined;
      // A point without neighbours is a dot.
      return `${isAlone ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}${isAlone ? 'h0.01' : ''}`;
    })
    .join('');
}

/** 0.37 → 0.5: the next of 1, 2, 5 and their tens. @param {number} value */
function roundUp(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}
