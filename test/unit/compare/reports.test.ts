/** What the reports say of a measurement whose figures are known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlReport } from '../../../src/compare/html-report.ts';
import { jsonReport } from '../../../src/compare/json-report.ts';
import type { Measured, Measurement } from '../../../src/compare/measure.ts';
import { summarize } from '../../../src/compare/statistics.ts';
import { measurementText } from '../../../src/compare/text-report.ts';

function measuredOver(protocol: Measured['protocol'], cpu: Pick<Measured, 'cpuPerCall' | 'cpuMargin'>): Measured {
  const durations = [1, 2, 3];
  const bytes = { sentBytesPerCall: 100, receivedBytesPerCall: 200 };
  const none = { failures: 0, failure: undefined };
  return {
    protocol,
    durations,
    starts: [0, 1, 2],
    summary: summarize(durations),
    callsPerSecond: 500,
    ...bytes,
    ...none,
    ...cpu,
  };
}

const seen = { difference: -48.4, low: -60.1, high: -36.7, isSeen: true };
const measurement: Measurement = {
  runs: 3,
  concurrency: 1,
  measured: [
    measuredOver('rest', { cpuPerCall: 120.4, cpuMargin: 9.2 }),
    measuredOver('grpc', { cpuPerCall: 72, cpuMargin: 8 }),
    measuredOver('connect', { cpuPerCall: 119, cpuMargin: undefined }),
    measuredOver('grpc-direct', { cpuPerCall: undefined, cpuMargin: undefined }),
  ],
  differences: [{ protocols: ['rest', 'grpc'], difference: 0.1, low: -0.2, high: 0.4, isSeen: false }],
  cpuDifferences: [
    { protocols: ['rest', 'grpc'], ...seen },
    { protocols: ['rest', 'connect'], difference: 1, low: -5, high: 7, isSeen: false },
  ],
  isStopped: false,
  problem: undefined,
};

const said = [
  'gRPC beside REST: no difference in the median seen (95 %: −0.20 ms to +0.40 ms)',
  'gRPC beside REST: −48 µs of CPU a call (95 %: −60 µs to −37 µs)',
  'Connect beside REST: no difference of CPU a call seen (95 %: −5 µs to +7 µs)',
];

test('in a terminal', () => {
  const text = measurementText(measurement);
  assert.match(text, /^CPU of the gateway a call +120 ± 9 µs +72 ± 8 µs +119 µs +-$/m);
  assert.deepEqual(
    text.split('\n').filter((line) => line.includes(' beside ')),
    said,
  );
});

test('as a page', () => {
  const comparison = { results: [], differences: [] };
  const report = { method: 'a.B.C', comparison, measurement, findings: [] };
  const html = htmlReport([report]);
  for (const line of said) assert.ok(html.includes(`<p>${line}</p>`), line);
  assert.match(html, /CPU of the gateway a call<\/th><td>120 ± 9 µs<\/td>/);
  assert.doesNotMatch(html, /<script|src=|href=|url\(|@import/);
  assert.deepEqual((jsonReport([report]) as readonly { measurement: unknown }[])[0]?.measurement, measurement);
});
