/** The log of `tandem serve`: JSON lines on standard error, pretty on a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { LogStream } from './log-stream.ts';

export interface Log {
  readonly logger: Logger;
  /** Lines that nobody took. */
  lostLines(): number;
}

/** The logger; lines below `level` are dropped. */
export async function createLog(level: string): Promise<Log> {
  const options = { level, base: null };
  if (process.stderr.isTTY) return { logger: pino(options, await prettyStream()), lostLines: () => 0 };
  const stream = new LogStream();
  return { logger: pino(options, stream), lostLines: () => stream.lost };
}

async function prettyStream(): Promise<DestinationStream> {
  const { build } = await import('pino-pretty');
  return build({ destination: 2, sync: true, colorize: !process.env['NO_COLOR'], ignore: 'pid,hostname' });
}
