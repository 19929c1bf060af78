/** A comparison as one page: nothing is loaded, nothing runs. */

import type { ProtocolResult } from './compare-once.ts';
import type { Report } from './json-report.ts';
import { escapeXml } from './junit-report.ts';
import type { Measured, Measurement } from './measure.ts';
import { histogram } from './statistics.ts';
import {
  bytesText,
  cpuText,
  differenceText,
  msText,
  protocolNames,
  signed,
  signedMicros,
  totalBytes,
} from './text-report.ts';

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color-scheme:light dark}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #8884}
th:first-child,td:first-child{text-align:left}.bad{color:#c62828;font-weight:600}svg{display:block}rect{fill:currentColor;opacity:.7}`;

export function htmlReport(reports: readonly Report[]): string {
  const sections = reports.map(({ method, comparison, measurement, findings }) =>
    [
      `<section><h2>${escapeXml(method)}</h2>`,
      findings.map(({ text }) => `<p class="bad">${escapeXml(text)}</p>`).join(''),
      comparison.differences.length === 0 ? '<p>The same answer over all of them.</p>' : '',
      callsTable(comparison.results),
      measurement === undefined ? '' : measurementPart(measurement),
      '</section>',
    ].join('\n'),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>tandem compare</title>
<style>${style}</style></head><body><h1>REST and gRPC, side by side</h1>
${sections.join('\n')}
</body></html>
`;
}

function callsTable(results: readonly ProtocolResult[]): string {
  const cell = (of: (call: NonNullable<ProtocolResult['cold']>) => string) => (result: ProtocolResult) => {
    const call = result.warm ?? result.cold;
    return call === undefined ? (result.problem ?? '-') : of(call);
  };
  return table(
    'One call',
    results.map(({ protocol }) => protocolNames[protocol]),
    [
      ['Status', results.map(cell(({ answer }) => answer.status.code))],
      ['Request head', results.map(cell(({ request }) => bytesText(request.head)))],
      ['Request body', results.map(cell(({ request }) => bytesText(request.body)))],
      ['Response head', results.map(cell(({ response }) => bytesText(response.head)))],
      ['Response body', results.map(cell(({ response }) => bytesText(response.body)))],
      ['All bytes', results.map(cell((call) => bytesText(totalBytes(call))))],
      ['First byte', results.map(cell(({ performed }) => msText(performed.firstByteMs)))],
      ['Last byte', results.map(cell(({ performed }) => msText(performed.totalMs)))],
    ],
  );
}

function measurementPart(measurement: Measurement): string {
  const { runs, concurrency, measured, differences, cpuDifferences, problem } = measurement;
  const cells = (of: (one: Measured) => string | undefined): readonly string[] => measured.map((one) => of(one) ?? '-');
  const notes = [
    ...differences.map((one) => differenceText(one, ' in the median', signed)),
    ...cpuDifferences.map((one) => differenceText(one, ' of CPU a call', signedMicros)),
  ];
  const rows: [string, readonly string[]][] = [
    ...(['p50', 'p90', 'p99', 'max'] as const).map((name): [string, readonly string[]] => [
      name,
      cells(({ summary }) => summary && msText(summary[name])),
    ]),
    ['Bytes a call', cells((one) => bytesText(Math.round(one.sentBytesPerCall + one.receivedBytesPerCall)))],
    ['Calls a second', cells(({ callsPerSecond }) => String(Math.round(callsPerSecond)))],
    ['CPU of the gateway a call', cells(cpuText)],
    ['Failures', cells(({ failures }) => String(failures))],
  ];
  const title = `${runs} calls, ${concurrency} at a time`;
  const plots = measured.filter(({ durations }) => durations.length > 0).map(plot);
  return [
    table(
      title,
      measured.map(({ protocol }) => protocolNames[protocol]),
      rows,
    ),
    ...(problem === undefined ? [] : [`<p>Ended early: ${escapeXml(problem)}. What is there counts.</p>`]),
    ...notes.map((note) => `<p>${escapeXml(note)}</p>`),
    ...plots,
  ].join('\n');
}

const BINS = 40;
const plotSize = { width: 640, height: 80 } as const;

function plot({ protocol, durations }: Measured): string {
  const bins = histogram(durations, BINS);
  const most = Math.max(...bins.map(({ count }) => count));
  const { width, height } = plotSize;
  const bars = bins.map(({ count, from, to }, index) => {
    const tall = (count / most) * height;
    const title = `${count} calls from ${msText(from)} to ${msText(to)}`;
    const place = `x="${(index * width) / BINS}" y="${height - tall}" width="${width / BINS - 1}" height="${tall}"`;
    return `<rect ${place}><title>${title}</title></rect>`;
  });
  const label = `${protocolNames[protocol]}: ${msText(bins[0]?.from ?? 0)} to ${msText(bins.at(-1)?.to ?? 0)}`;
  return `<figure><figcaption>${label}</figcaption><svg role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${bars.join('')}</svg></figure>`;
}

function table(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly [string, readonly string[]])[],
): string {
  const head = columns.map((column) => `<th scope="col">${escapeXml(column)}</th>`).join('');
  const lines = rows.map(
    ([name, cells]) =>
      `<tr><th scope="row">${name}</th>${cells.map((one) => `<td>${escapeXml(one)}</td>`).join('')}</tr>`,
  );
  return `<table><caption>${escapeXml(title)}</caption><thead><tr><th></th>${head}</tr></thead><tbody>${lines.join('')}</tbody></table>`;
}
