/** The lines of the log on standard error, for which calls never wait: what a reader or a disk does not take is lost, counted and told. */
import { fstatSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** So many bytes may wait for whoever reads. */
const MAX_WAITING_BYTES = 1024 * 1024;

export class LogStream implements DestinationStream {
  readonly #put: (text: string) => boolean = isPiped() ? pipeWriter() : fileWriter();
  #lost = 0;
  #untold = 0;

  /** Lines that were lost. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    if (this.#untold > 0 && this.#put(lossLine(this.#untold))) this.#untold = 0;
    if (this.#untold === 0 && this.#put(line)) return;
    this.#lost++;
    this.#untold++;
  }
}

function lossLine(lost: number): string {
  const msg = 'lines of the log were lost: its reader was too slow, or its disk full';
  return `${JSON.stringify({ level: 40, time: Date.now(), lost, msg })}\n`;
}

function isPiped(): boolean {
  const status = fstatSync(process.stderr.fd);
  return status.isFIFO() || status.isSocket();
}

/** Node writes to a pipe as its reader takes it, and keeps the rest. */
function pipeWriter(): (text: string) => boolean {
  const { stderr } = process;
  // A reader that has gone ends the log, not the gateway.
  stderr.on('error', () => {});
  let isFull = false;
  return (text) => {
    isFull = stderr.writableLength > (isFull ? MAX_WAITING_BYTES / 2 : MAX_WAITING_BYTES);
    if (isFull || stderr.destroyed) return false;
    stderr.write(text);
    return true;
  };
}

function fileWriter(): (text: string) => boolean {
  let isCut = false;
  return (text) => {
    const bytes = Buffer.from(isCut ? `\n${text}` : text);
    try {
      isCut = writeSync(process.stderr.fd, bytes) < bytes.length;
      return !isCut;
    } catch {
      return false;
    }
  };
}
