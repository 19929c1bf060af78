/**
 * @module The section of docs/benchmarks.md that the codec's benchmark writes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const page = 'docs/benchmarks.md';
const marks = /(<!-- codec: npm run bench:codec -->\n).*(<!-- end of codec -->)/s;

/** A Markdown table, padded; the first row is its head. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}

/** Size of a JSON text for people. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(0)} KB` : `${(bytes / 1048576).toFixed(0)} MB`;
}

export function writePage(parts: readonly string[]): void {
  const [cpu] = cpus();
  const place = `Node ${process.versions.node}, ${cpus().length} cores of ${cpu?.model}, ${new Date().toISOString().slice(0, 10)}.`;
  const text = readFileSync(page, 'utf8');
  const section = [...parts, place].join('\n\n');
  writeFileSync(
    page,
    text.replace(marks, (_, start, end) => `${start}\n${section}\n\n${end}`),
  );
}
