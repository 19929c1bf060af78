/** Repeated calls that a reader asks for: one measurement at a time, told as it goes, stopped when asked or when the reader leaves. */
import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { compareOnce } from '../../compare/compare-once.ts';
import { csvReport } from '../../compare/csv-report.ts';
import { htmlReport } from '../../compare/html-report.ts';
import { jsonReport, type Report } from '../../compare/json-report.ts';
import { type Measurement, measure } from '../../compare/measure.ts';
import type { Block } from '../../compare/run-blocks.ts';
import { percentile } from '../../compare/statistics.ts';
import { withGzip } from '../../compare/with-gzip.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { objectOf, oneOf, readCompareRequest, readNumber, textOf } from './compare-request.ts';
import { admit, type CompareSubject, subjectOf } from './compare-subject.ts';

const MAX_RUNS = 100_000;
const MAX_CONCURRENCY = 64;
/** Of each protocol, so that connections are there and code is warm. */
const WARM_UP = 100;
/** Reports that are kept to be fetched. */
const KEPT = 2;

interface Running {
  readonly id: string;
  readonly controller: AbortController;
}

export class Measurements {
  readonly #gateway: Gateway;
  readonly #reports = new Map<string, Report & { readonly measurement: Measurement }>();
  #running: Running | undefined;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** Answers with a line of JSON for the beginning, each block of calls and the end. */
  async start(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const wanted = readCompareRequest(request);
    const runs = readNumber(request, 'runs', 1000, MAX_RUNS);
    const concurrency = readNumber(request, 'concurrency', 1, MAX_CONCURRENCY);
    const subject = subjectOf(this.#gateway, wanted, request);
    const isGzip = objectOf(request.body, '')['gzip'] === true;
    await admit(this.#gateway, wanted, request);
    if (!subject.isRepeatable) {
      throw new StatusError(GrpcCode.FAILED_PRECONDITION, `${wanted.method} may change something: it is not repeated`);
    }
    if (this.#running !== undefined) {
      throw new StatusError(GrpcCode.RESOURCE_EXHAUSTED, 'another measurement is running; wait for it');
    }
    const running = { id: randomUUID(), controller: new AbortController() };
    this.#running = running;
    reply.raw.once('close', () => running.controller.abort());
    const lines = new PassThrough();
    void this.#run(running, subject, { runs, concurrency, isGzip }, (line) => lines.write(`${JSON.stringify(line)}\n`))
      .catch((error) => lines.write(`${JSON.stringify({ kind: 'problem', message: String(error.message) })}\n`))
      .finally(() => {
        this.#running = undefined;
        lines.end();
      });
    return reply.type('application/x-ndjson').send(lines);
  }

  /** Ends a measurement before its time: what is finished of it is its result. */
  stop(request: FastifyRequest): unknown {
    const id = textOf(objectOf(request.body, '')['id'], 'id');
    const isRunning = this.#running?.id === id;
    if (isRunning) this.#running?.controller.abort();
    return { isRunning };
  }

  /** A report to be kept: `json`, `csv` or `html`. */
  report(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const query = objectOf(request.query, '');
    const report = this.#reports.get(textOf(query['id'], 'id'));
    if (report === undefined) throw new StatusError(GrpcCode.NOT_FOUND, 'the report is no longer there; measure again');
    const format = oneOf(['json', 'csv', 'html'], query['format'], 'format');
    reply.header('content-disposition', `attachment; filename="comparison.${format}"`);
    if (format === 'html') return reply.type('text/html; charset=utf-8').send(htmlReport([report]));
    if (format === 'csv') return reply.type('text/csv; charset=utf-8').send(csvReport(report.measurement));
    return reply.type('application/json').send(JSON.stringify(jsonReport([report])));
  }

  async #run(
    { id, controller: { signal } }: Running,
    { context, calls }: CompareSubject,
    { runs, concurrency, isGzip }: { readonly runs: number; readonly concurrency: number; readonly isGzip: boolean },
    tell: (line: unknown) => void,
  ): Promise<void> {
    tell({ kind: 'begin', id, total: runs * calls.size });
    const comparison = await compareOnce(calls.values(), context, { isOnce: true });
    const measurement = await measure({
      calls: [...calls.values()].map((call) => (isGzip ? withGzip(call) : call)),
      runs,
      concurrency,
      warmUp: Math.min(runs, WARM_UP),
      // Of several processes any may take a call.
      isOwnGateway: cluster.isPrimary,
      signal,
      onProgress: (done, block) => tell({ kind: 'progress', done, ...blockJson(block) }),
    });
    this.#keep(id, { method: context.method.fullName, comparison, measurement, findings: [] });
    tell({ kind: 'end', id, measurement: measurementJson(measurement) });
  }

  #keep(id: string, report: Report & { readonly measurement: Measurement }): void {
    this.#reports.set(id, report);
    const [oldest] = this.#reports.keys();
    if (this.#reports.size > KEPT && oldest !== undefined) this.#reports.delete(oldest);
  }
}

function blockJson({ protocol, durations, failures }: Block): object {
  return { protocol, failures, median: percentile(Float64Array.from(durations).sort(), 50) };
}

/** Microseconds are as fine as a page shows them. */
function measurementJson({ measured, ...rest }: Measurement): object {
  const rounded = (list: readonly number[]): readonly number[] => list.map((ms) => Math.round(ms * 1000) / 1000);
  return {
    ...rest,
    measured: measured.map((one) => ({ ...one, durations: rounded(one.durations), starts: rounded(one.starts) })),
  };
}
