/**
 * Questions that every process of one store answers, whichever of them asks: they go and come over channels of the store, which keeps nothing of
 * them.
 */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { StoreOptions } from './options.ts';

/** Milliseconds for the others to answer; one that is late is left out. */
const PATIENCE_MS = 2_000;
const RECONNECT_MS = 500;

interface Asked {
  readonly id: number;
  /** The channel on which the answer is waited for. */
  readonly from: string;
  readonly question: unknown;
}

interface Answered {
  readonly id: number;
  readonly by: string;
  readonly answer: unknown;
}

export interface Replies<Answer> {
  readonly answers: readonly Answer[];
  /** False when somebody was late. */
  readonly isComplete: boolean;
}

/** Questions and answers must be what JSON can hold. */
export class ValkeyQuestions<Question, Answer> {
  readonly #channel: string;
  readonly #ownChannel: string;
  readonly #own: (question: Question) => Answer;
  readonly #speaker: Redis;
  readonly #listener: Redis;
  readonly #waiting: Map<number, (answered: Answered) => void> = new Map();
  #asks = 0;

  constructor({ url, prefix }: StoreOptions, topic: string, own: (question: Question) => Answer) {
    this.#channel = `${prefix}:${topic}`;
    this.#ownChannel = `${this.#channel}:${randomUUID()}`;
    this.#own = own;
    const retryStrategy = (): number => RECONNECT_MS * (0.5 + Math.random());
    const shared = { lazyConnect: true, retryStrategy };
    this.#speaker = new Redis(url, { ...shared, enableOfflineQueue: false, maxRetriesPerRequest: 0 });
    this.#listener = new Redis(url, { ...shared, maxRetriesPerRequest: null });
    // Whoever asks hears of it.
    for (const client of [this.#speaker, this.#listener]) client.on('error', () => {});
    this.#listener.on('message', (channel, text) => this.#hear(channel, text));
  }

  /** Connects, and answers from then on. */
  start(): void {
    this.#speaker.connect().catch(() => {});
    this.#listener.subscribe(this.#channel, this.#ownChannel).catch(() => {});
  }

  close(): void {
    this.#speaker.disconnect();
    this.#listener.disconnect();
  }

  /** What all of them answer, this one too; undefined while the store cannot be reached. */
  ask(question: Question): Promise<Replies<Answer> | undefined> {
    const id = this.#asks++;
    const answers: Answer[] = [];
    let [wanted, hasOwn] = [Number.POSITIVE_INFINITY, false];
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(hasOwn ? { answers, isComplete: answers.length >= wanted } : undefined);
      };
      const timer = setTimeout(end, PATIENCE_MS);
      this.#waiting.set(id, ({ by, answer }) => {
        answers.push(answer as Answer);
        if (by === this.#ownChannel) hasOwn = true;
        if (answers.length >= wanted) end();
      });
      // The store tells how many hear it. Some may have answered by then.
      this.#say(this.#channel, { id, from: this.#ownChannel, question } satisfies Asked).then((listeners) => {
        wanted = listeners;
        if (answers.length >= wanted) end();
      }, end);
    });
  }

  #hear(channel: string, text: string): void {
    const message = JSON.parse(text) as Asked | Answered;
    if (channel === this.#ownChannel) this.#waiting.get(message.id)?.(message as Answered);
    else this.#answer(message as Asked);
  }

  #answer({ id, from, question }: Asked): void {
    const answer = this.#own(question as Question);
    this.#say(from, { id, by: this.#ownChannel, answer } satisfies Answered).catch(() => {});
  }

  #say(channel: string, message: Asked | Answered): Promise<number> {
    return this.#speaker.publish(channel, JSON.stringify(message));
  }
}
