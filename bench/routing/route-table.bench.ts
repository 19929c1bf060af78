/**
 * What one match costs, at 10, 10,000 and 20,000 bindings, and what making the table costs. The same kinds of rules at
 * every size: services of ten rules as AIP names them, so that only their number differs.
 *
 *     npm run bench:routing     writes docs/benchmarks.md
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Binding } from '../../src/routing/binding.ts';
import { parsePathTemplate } from '../../src/routing/path-template.ts';
import { createRouteTable } from '../../src/routing/route-table.ts';

const rules: readonly (readonly [method: string, template: string])[] = [
  ['GET', '/v1/{name=projects/*/SERVICE/*}'],
  ['GET', '/v1/{parent=projects/*}/SERVICE'],
  ['POST', '/v1/{parent=projects/*}/SERVICE'],
  ['PATCH', '/v1/{item.name=projects/*/SERVICE/*}'],
  ['DELETE', '/v1/{name=projects/*/SERVICE/*}'],
  ['POST', '/v1/{name=projects/*/SERVICE/*}:cancel'],
  ['GET', '/v1/{name=projects/*/SERVICE/*/parts/*}'],
  ['GET', '/v1/SERVICE/{id}'],
  ['GET', '/v1/SERVICE/files/{path=**}'],
  ['GET', '/v1/SERVICE'],
];

const requests: readonly (readonly [name: string, method: string, path: string])[] = [
  ['one service', 'GET', '/v1/projects/tandem-1/service0/42'],
  ['resource', 'GET', '/v1/projects/tandem-1/SERVICE/42'],
  ['verb', 'POST', '/v1/projects/tandem-1/SERVICE/42:cancel'],
  ['deep', 'GET', '/v1/SERVICE/files/2026/11/report.pdf'],
  ['escaped', 'GET', '/v1/SERVICE/caf%C3%A9%20noir'],
  ['wrong method', 'PUT', '/v1/projects/tandem-1/SERVICE/42'],
  ['unmatched', 'GET', '/v2/projects/tandem-1/SERVICE/42'],
];

function bindingsOf(count: number): Binding[] {
  return Array.from({ length: count }, (_, index) => {
    const [httpMethod, pattern] = rules[index % rules.length] ?? ['', ''];
    const path = pattern.replace('SERVICE', `service${Math.floor(index / rules.length)}`);
    const template = parsePathTemplate(path);
    const variables = template.variables.map((variable) => ({ ...variable, text: variable.fieldPath, fields: [] }));
    return { id: `${index}`, httpMethod, path, template, variables } as unknown as Binding;
  });
}

/** Nanoseconds a call, the best of several rounds: other work on the machine only ever adds. */
function measure(work: () => void, calls: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 15; round++) {
    const start = process.hrtime.bigint();
    work();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  return best;
}

const sizes = [10, 10_000, 20_000];
const tables = sizes.map((count) => {
  const start = performance.now();
  const { table } = createRouteTable(bindingsOf(count));
  console.log(`${count} bindings: parsed and built in ${(performance.now() - start).toFixed(0)} ms`);
  return { count, table };
});

const rows = requests.map(([name, method, pattern]) => {
  const costs = tables.map(({ count, table }) => {
    // Spread over the whole table, so that a big one pays for its memory; "one service" shows the search alone.
    const services = count / rules.length;
    const paths = Array.from({ length: 1000 }, (_, index) =>
      pattern.replace('SERVICE', `service${(index * 7919) % services}`),
    );
    return measure(() => {
      for (let round = 0; round < 20; round++) for (const path of paths) table.match(method, path);
    }, 20 * paths.length);
  });
  const [small = 1, large = 0] = costs;
  return [name, ...costs.map((cost) => cost.toFixed(0)), (large / small).toFixed(2)];
});

const head = ['request', ...sizes.map((size) => `${size.toLocaleString('en')} bindings`), '10,000 / 10'];
const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
const lines = [head, widths.map((width) => '-'.repeat(width)), ...rows].map(
  (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
);
console.log(lines.join('\n'));

const page = 'docs/benchmarks.md';
const marks = /(<!-- routing: npm run bench:routing -->\n).*(<!-- end of routing -->)/s;
const text = readFileSync(page, 'utf8');
writeFileSync(
  page,
  text.replace(marks, (_, start, end) => `${start}\n${lines.join('\n')}\n\n${end}`),
);
