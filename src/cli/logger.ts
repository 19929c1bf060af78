/** The log of `tandem serve`: JSON lines on standard error, pretty on a terminal. */
import { type DestinationStream, type Logger, pino } from 'pino';

/** The logger; lines below `level` are dropped. */
export async function createLogger(level: string): Promise<Logger> {
  return pino({ level, base: null }, process.stderr.isTTY ? await prettyStream() : pino.destination(2));
}

async function prettyStream(): Promise<DestinationStream> {
  const { build } = await import('pino-pretty');
  return build({ destination: 2, sync: true, colorize: !process.env['NO_COLOR'], ignore: 'pid,hostname' });
}
