/** `tandem routes`: the route table, a line for each binding. */
import { bold, ExitCode, print, printError, printJson } from './command.ts';
import type { Arguments } from './flags.ts';
import { withGateway } from './open-gateway.ts';
import { type RouteRow, routeRow } from './route-row.ts';

export async function run(args: Arguments): Promise<ExitCode> {
  const bindings = await withGateway(args, ({ generation }) => generation.table.bindings);
  const rows = bindings.map(routeRow).sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method));
  if (args.flags.has('json')) printJson(rows);
  else if (rows.length > 0) print(routeTable(rows));
  else printError('no method has an HTTP rule; annotate some, give --rules, or set transcoding.autoMapping');
  return ExitCode.done;
}

function routeTable(rows: readonly RouteRow[]): string {
  const cells = rows.map(({ method, path, rpc, body, responseBody, streaming, framings }) => [
    method,
    path,
    rpc,
    body || '-',
    responseBody || '-',
    streaming === '' ? '-' : `${streaming}: ${framings.join(', ')}`,
  ]);
  const head = ['METHOD', 'PATH', 'RPC', 'BODY', 'RESPONSE', 'STREAM'];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [bold(line(head)), ...cells.map(line)].join('\n');
}

/** By code unit, so that the output does not depend on the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
