/**
 * @module What is called, how fast, by whom, and what fails: counted in memory for an hour, for the page `/analytics`. Loaded only where it is
 * on. Holds no path, query, header or body of a request.
 */
import type { Gateway } from '../../gateway/gateway.ts';
import { type Ask, askWorkers } from '../ask-workers.ts';
import { Recorder } from './recorder.ts';
import { csvOf, type Report, reportOf, wholeRows } from './report.ts';
import { stepOf, WINDOW_MS } from './steps.ts';
import { type Joined, joinTellings, type Question, type Telling, tell } from './telling.ts';

export interface Analytics {
  /** The last `seconds`, and the course of one method or of all together. */
  report(seconds: number, method: string | undefined): Promise<Report>;
  /** All that is there. */
  export(format: 'json' | 'csv'): Promise<string>;
}

/** Counts and measures every call that begins from now on; of several workers each does, and any of them tells the sums of all. */
export function startAnalytics(gateway: Gateway): Analytics {
  const recorder = new Recorder(gateway);
  gateway.addHooks(recorder);
  const ask: Ask<Question, Telling> = askWorkers('analytics', (question) => tell(recorder, gateway, question));
  const joinedOf = async (question: Question): Promise<{ readonly joined: Joined; readonly report: Report }> => {
    const tellings = await ask(question);
    const joined = joinTellings(tellings);
    return { joined, report: reportOf(joined, { since: question.since, now: Date.now(), workers: tellings.length }) };
  };
  return {
    async report(seconds, method) {
      const since = stepOf(Date.now() - seconds * 1000);
      return (await joinedOf({ since, method, isWhole: false })).report;
    },
    async export(format) {
      const since = stepOf(Date.now() - WINDOW_MS);
      const { joined, report } = await joinedOf({ since, method: undefined, isWhole: true });
      const rows = wholeRows(joined);
      return format === 'csv' ? csvOf(rows) : JSON.stringify({ ...report, steps: rows });
    },
  };
}
