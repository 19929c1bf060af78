/** A comparison as text for a terminal. */
import type { AnswerDifference, Comparison, ProtocolResult, SeenCall } from './compare-once.ts';
import type { Measured, Measurement } from './measure.ts';
import type { Protocol } from './prepared-call.ts';
import { histogram } from './statistics.ts';

export const protocolNames: Readonly<Record<Protocol, string>> = {
  rest: 'REST',
  grpc: 'gRPC',
  'grpc-direct': 'gRPC, direct',
  'grpc-web': 'gRPC-Web',
  connect: 'Connect',
  'grpc-against': 'gRPC, against',
  'rest-against': 'REST, against',
};

type Row = readonly [title: string, ...cells: readonly string[]];

/** One call over each protocol: status, bytes, times, and whether the answers are the same. */
export function comparisonText({ results, differences, additions = [] }: Comparison): string {
  const shown = (of: (call: SeenCall) => string): readonly string[] =>
    results.map(({ cold, warm }) => ((warm ?? cold) === undefined ? '-' : of((warm ?? cold) as SeenCall)));
  const first = (of: (call: SeenCall) => string): readonly string[] =>
    results.map(({ cold }) => (cold === undefined ? '-' : of(cold)));
  const rows: readonly Row[] = [
    ['', ...results.map(({ protocol }) => protocolNames[protocol])],
    ['status', ...first(statusText)],
    ['messages', ...first(({ answer }) => String(answer.messages.length))],
    ['request head', ...shown(({ request }) => bytesText(request.head))],
    ['request body', ...shown(({ request }) => bytesText(request.body))],
    ['response head', ...shown(({ response }) => bytesText(response.head))],
    ['response body', ...shown(({ response }) => bytesText(response.body))],
    ['HTTP/2 control', ...shown(({ request, response }) => bytesText(request.control + response.control))],
    ['all bytes', ...shown((call) => bytesText(totalBytes(call)))],
    ['on a new connection', ...first((call) => bytesText(totalBytes(call)))],
    ['connect', ...first(({ performed }) => msText(performed.connectMs))],
    ['first byte', ...shown(({ performed }) => msText(performed.firstByteMs))],
    ['last byte', ...shown(({ performed }) => msText(performed.totalMs))],
  ];
  const problems = results.flatMap(({ protocol, problem }) =>
    problem === undefined ? [] : [`${protocolNames[protocol]}: ${problem}`],
  );
  return [table(rows), ...problems, '', differencesText(results, differences), ...additions.map(additionText)].join(
    '\n',
  );
}

export function totalBytes({ request, response }: SeenCall): number {
  return [request, response].reduce((sum, { head, body, control }) => sum + head + body + control, 0);
}

function statusText({ answer }: SeenCall): string {
  const http = answer.httpStatus === undefined ? '' : `${answer.httpStatus} `;
  return `${http}${answer.status.code}`;
}

function differencesText(results: readonly ProtocolResult[], differences: readonly AnswerDifference[]): string {
  const answered = results.filter(({ cold }) => cold !== undefined);
  if (differences.length === 0) {
    return answered.length < 2
      ? 'nothing to compare'
      : `the same answer over ${answered.map(({ protocol }) => protocolNames[protocol]).join(', ')}`;
  }
  return differences
    .map(({ protocols: [left, right], differences: list }) =>
      [
        `DIFFERENT: ${protocolNames[left]} and ${protocolNames[right]}`,
        ...list.map(
          ({ path, left: a, right: b, reason }) =>
            `  ${path || '(all)'}: ${valueText(a)} and ${valueText(b)}${reason === undefined ? '' : ` (${reason})`}`,
        ),
      ].join('\n'),
    )
    .join('\n');
}

function additionText({ protocols: [, right], differences }: AnswerDifference): string {
  return `new in ${protocolNames[right]}: ${differences.map(({ path }) => path).join(', ')}`;
}

function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

const BARS = '▁▂▃▄▅▆▇█';
const HISTOGRAM_BINS = 20;

/** Many calls over each protocol: percentiles, bytes and CPU a call, and what differs by more than chance. */
export function measurementText(measurement: Measurement): string {
  const { runs, concurrency, measured, differences, cpuDifferences, isStopped, problem } = measurement;
  const cells = (of: (one: Measured) => string | undefined): readonly string[] => measured.map((one) => of(one) ?? '-');
  const rows: readonly Row[] = [
    [`${runs} calls, ${concurrency} at a time`, ...measured.map(({ protocol }) => protocolNames[protocol])],
    ...(['p50', 'p90', 'p99', 'max'] as const).map(
      (name) => [name, ...cells(({ summary }) => summary && msText(summary[name]))] as const,
    ),
    ['calls a second', ...cells(({ callsPerSecond }) => String(Math.round(callsPerSecond)))],
    ['bytes sent a call', ...cells(({ sentBytesPerCall }) => bytesText(Math.round(sentBytesPerCall)))],
    ['bytes received a call', ...cells(({ receivedBytesPerCall }) => bytesText(Math.round(receivedBytesPerCall)))],
    ['MB a million calls', ...cells((one) => (one.sentBytesPerCall + one.receivedBytesPerCall).toFixed(0))],
    ['CPU of the gateway a call', ...cells(cpuText)],
    ['failures', ...cells(({ failures }) => String(failures))],
    ['from the least to p99', ...cells(({ durations }) => (durations.length === 0 ? undefined : sparkline(durations)))],
  ];
  return [
    table(rows),
    ...differences.map((one) => differenceText(one, ' in the median', signed)),
    ...cpuDifferences.map((one) => differenceText(one, ' of CPU a call', signedMicros)),
    ...(isStopped ? ['stopped before its end'] : []),
    ...(problem ? [`ended early: ${problem}`] : []),
  ].join('\n');
}

/** `what` is told of a difference that was seen; of one that was not, at the pair. */
export function differenceText(
  { protocols: [left, right], difference, low, high, isSeen }: Measurement['differences'][number],
  what: string,
  text: (value: number) => string,
): string {
  const pair = `${protocolNames[right]} beside ${protocolNames[left]}`;
  const said = isSeen ? `${text(difference)}${what}` : `no difference${what} seen`;
  return `${pair}: ${said} (95 %: ${text(low)} to ${text(high)})`;
}

function sparkline(durations: readonly number[]): string {
  const bins = histogram(durations, HISTOGRAM_BINS);
  const most = Math.max(...bins.map(({ count }) => count));
  return bins.map(({ count }) => (count === 0 ? ' ' : BARS[Math.ceil((count / most) * BARS.length) - 1])).join('');
}

/** `120 ± 9 µs` */
export function cpuText({ cpuPerCall, cpuMargin }: Measured): string | undefined {
  const margin = cpuMargin === undefined ? '' : ` ± ${cpuMargin.toFixed(0)}`;
  return cpuPerCall === undefined ? undefined : `${cpuPerCall.toFixed(0)}${margin} µs`;
}

export function bytesText(bytes: number): string {
  return bytes < 10_000
    ? `${bytes} B`
    : bytes < 10_000_000
      ? `${(bytes / 1000).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function msText(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;
}

export function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${msText(Math.abs(ms))}`;
}

export function signedMicros(micros: number): string {
  return `${micros < 0 ? '−' : '+'}${Math.abs(micros).toFixed(0)} µs`;
}

/** The first column to the left, the others to the right. */
function table(rows: readonly Row[]): string {
  const widths = (rows[0] as Row).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n');
}
