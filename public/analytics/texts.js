// @ts-check
// Numbers as words.
import { msText } from '../shared/dom.js';

/** @param {number} value */
export function countText(value) {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 });
}

/** @param {number} perSecond */
export const rateText = (perSecond) => `${countText(perSecond)}/s`;

/** @param {number | undefined} bytes */
export function sizeText(bytes) {
  if (bytes === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`;
}

/** Of a duration that is null beyond what is told apart. @param {number | null | undefined} ms @param {number} mostMs @returns {string} */
export function durationText(ms, mostMs) {
  if (ms === null) return `> ${durationText(mostMs, mostMs)}`;
  return ms === undefined || ms < 1000 ? msText(ms) : `${(ms / 1000).toFixed(1)} s`;
}

/** @param {number} share */
export const percentText = (share) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

/** @param {number} time */
export const clockText = (time) => new Date(time).toLocaleTimeString('en-GB');

/** How much smaller protobuf was. @param {import('./types.js').Figures} figures */
export function savedText({ protobufBytes, jsonBytes }) {
  if (jsonBytes === undefined || jsonBytes === 0) return '–';
  return percentText(Math.max(0, 1 - protobufBytes / jsonBytes));
}
