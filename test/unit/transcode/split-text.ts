import { JsonSplitter } from '../../../src/transcode/split-json.ts';

/** Splits a text that arrives in pieces, cut at these fractions of it. */
export function splitText(text: string, cuts: readonly number[], isLines: boolean): readonly string[] {
  const bytes = Buffer.from(text);
  const splitter = new JsonSplitter({ maxBytes: 1024 * 1024, isLines });
  const places = [0, ...cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length].sort((a, b) => a - b);
  const values = places.slice(1).flatMap((end, index) => splitter.push(bytes.subarray(places[index], end)));
  return [...values, ...splitter.end()].map((value) => Buffer.from(value).toString());
}
