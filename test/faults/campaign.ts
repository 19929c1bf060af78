/**
 * Every fault for longer, one after the other; prints what came of it and writes it into docs/reliability.md.
 *
 *     npm run faults [-- WORD...]   (words choose faults by name, and leave the page as it is)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { faults } from './faults.ts';
import type { Figures } from './ledger.ts';
import { type Fault, type Finding, Stage } from './stage.ts';

const page = 'docs/reliability.md';
const scale = 5;

const words = process.argv.slice(2);
const chosen = faults.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const rows: string[][] = [];
for (const fault of chosen) {
  const finding = await run(fault);
  rows.push([fault.name, ...(finding === undefined ? ['', '', '', '**failed**'] : cellsOf(finding))]);
  console.log(rows.at(-1)?.join(' | '));
}
const table = tableOf([['fault', 'calls', 'failed', 'done twice', 'and'], ...rows]);
console.log(`\n${table}`);
if (words.length === 0 && process.exitCode === undefined) writePage(table);

async function run(fault: Fault): Promise<Finding | undefined> {
  const stage = new Stage(scale);
  try {
    return await fault.run(stage);
  } catch (error) {
    console.error(fault.name, error);
    process.exitCode = 1;
    return undefined;
  } finally {
    await stage.end();
  }
}

function cellsOf({ calls, failures, twice, note }: Finding): string[] {
  if (calls === undefined) return ['', '', '', note];
  return [String(calls), failuresOf(failures ?? new Map()) || 'none', String(twice), note];
}

/** `503: 3 upload, 2 write` */
function failuresOf(failures: Figures['failures']): string {
  const byStatus = new Map<string, string[]>();
  for (const [what, count] of [...failures].toSorted()) {
    const [kind, ...status] = what.split(' ');
    byStatus.set(status.join(' '), [...(byStatus.get(status.join(' ')) ?? []), `${count} ${kind}`]);
  }
  return [...byStatus].map(([status, counts]) => `${status}: ${counts.join(', ')}`).join('; ');
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}

function writePage(table: string): void {
  const marks = /(<!-- faults: npm run faults -->\n).*(<!-- end of faults -->)/s;
  const place = `Node ${process.versions.node}, ${cpus().length} cores of ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}.`;
  const text = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    text.replace(marks, (_, start, end) => `${start}\n${table}\n\n${place}\n\n${end}`),
  );
}
