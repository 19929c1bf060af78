/**
 * What the workers of one port know, in any of them: the one that is asked asks all, itself too, through their keeper, which passes on whatever
 * comes (`cli/relay-questions.ts`).
 */
import cluster from 'node:cluster';

/** Milliseconds for the others to tell; one that is late is left out. */
const PATIENCE_MS = 2_000;

interface Message {
  readonly topic: string;
  readonly question: unknown;
  readonly answer?: unknown;
  readonly ask: number;
  readonly workers: number;
}

/** Questions and answers go over the channel between processes: they must be what JSON can hold. */
export type Ask<Question, Answer> = (question: Question) => Promise<Replies<Answer>>;

export interface Replies<Answer> {
  readonly answers: readonly Answer[];
  /** False when somebody was late. */
  readonly isComplete: boolean;
}

/** Answers questions of a topic by `own`; gives the function that asks all workers, which of one process is that process alone. */
export function askWorkers<Question, Answer extends object>(
  topic: string,
  own: (question: Question) => Answer | Promise<Answer>,
): Ask<Question, Answer> {
  if (!cluster.isWorker) return async (question) => ({ answers: [await own(question)], isComplete: true });
  const waiting = new Map<number, (message: Message) => void>();
  let asks = 0;
  process.on('message', async (message: Partial<Message>) => {
    if (message.topic !== topic || message.ask === undefined) return;
    if (message.answer !== undefined) waiting.get(message.ask)?.(message as Message);
    else process.send?.({ ...message, answer: await own(message.question as Question) });
  });
  return (question) =>
    new Promise((resolve) => {
      const ask = asks++;
      const answers: Answer[] = [];
      const end = (isComplete: boolean): void => {
        clearTimeout(timer);
        waiting.delete(ask);
        resolve({ answers, isComplete });
      };
      const timer = setTimeout(end, PATIENCE_MS, false);
      waiting.set(ask, ({ answer, workers }) => {
        answers.push(answer as Answer);
        if (answers.length === workers) end(true);
      });
      process.send?.({ topic, question, ask });
    });
}
