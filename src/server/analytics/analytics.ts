/**
 * @module What is called, how fast, by whom, and what fails: counted in memory for an hour, for the page `/analytics`. Loaded only where it is
 * on. Holds no path, query, header or body of a request.
 */
import type { Gateway } from '../../gateway/gateway.ts';
import type { StoreOptions } from '../../limits/options.ts';
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
  /** Answers other replicas from now on. */
  start(): void;
  close(): void;
}

/**
 * Counts and measures every call that begins from now on. Several workers each do, and so does each replica that names the same `limits.store`:
 * any of them tells the sums of all.
 */
export async function startAnalytics(gateway: Gateway): Promise<Analytics> {
  const recorder = new Recorder(gateway);
  gateway.addHooks(recorder);
  const own = (question: Question): Telling => tell(recorder, gateway, question);
  const { ask, start, close } = await askerOf(gateway.options.limits.store, own);
  const joinedOf = async (question: Question): Promise<{ readonly joined: Joined; readonly report: Report }> => {
    const { answers, isComplete } = await ask(question);
    const joined = joinTellings(answers);
    const asked = { since: question.since, now: Date.now(), processes: answers.length, isComplete };
    return { joined, report: reportOf(joined, asked) };
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
    start,
    close,
  };
}

interface Asker extends Pick<Analytics, 'start' | 'close'> {
  readonly ask: Ask<Question, Telling>;
}

/** Asks all processes of the store; without it, or while it is gone, those of this port. */
async function askerOf(store: StoreOptions | undefined, own: (question: Question) => Telling): Promise<Asker> {
  const askHere = askWorkers('analytics', own);
  if (store === undefined) return { ask: askHere, start() {}, close() {} };
  const { ValkeyQuestions } = await import('../../limits/valkey-questions.ts');
  // The number is another when what is told is.
  const everywhere = new ValkeyQuestions(store, 'analytics:1', own);
  return {
    ask: async (question) =>
      (await everywhere.ask(question)) ?? { answers: (await askHere(question)).answers, isComplete: false },
    start: () => everywhere.start(),
    close: () => everywhere.close(),
  };
}
