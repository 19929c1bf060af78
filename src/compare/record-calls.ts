/** Real calls, written down as `tandem compare --calls` reads them: one JSON object a line, without headers and what may be secret. */
import { createWriteStream } from 'node:fs';
import type { Codec } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import { createCodec } from '../codec/create-codec.ts';
import type { MethodDescriptor, Schema } from '../schema/descriptors.ts';
import { isSecretName, redacted } from './redact.ts';

export interface RecorderOptions {
  readonly path: string;
  /** No more is written than so many bytes. */
  readonly maxBytes: number;
  /** The schema of now: a reload brings another. */
  readonly schema: () => Schema;
  /** Told once when the file is full, and of what cannot be written. */
  readonly onProblem: (problem: string) => void;
}

export interface Recorder {
  /** For each request message of a call; those of streams of requests are passed over. */
  record(method: MethodDescriptor, message: Uint8Array): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** Appends to the file. */
export function createRecorder({ path, maxBytes, schema, onProblem }: RecorderOptions): Recorder {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  file.on('error', (error) => onProblem(`${path}: ${error.message}`));
  let codec: Codec | undefined;
  let left = maxBytes;
  const write = (line: string): void => {
    const bytes = Buffer.byteLength(line);
    if (left <= 0) return;
    left = bytes > left ? 0 : left - bytes;
    if (left === 0) onProblem(`${path} is full: ${maxBytes} bytes are written, no more calls are`);
    else file.write(line);
  };
  return {
    record(method, message) {
      if (method.isClientStreaming || left <= 0 || file.destroyed) return;
      if (codec?.schema !== schema()) codec = createCodec(schema(), { unknownAny: 'base64' });
      try {
        const data = JSON.parse(Buffer.from(codec.messageWriter(method.input)(message)).toString());
        write(`${JSON.stringify({ method: method.fullName, data: redacted(data, isSecretName) })}\n`);
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
        onProblem(`a call of ${method.fullName} is not recorded: ${error.message}`);
      }
    },
    close: () => new Promise((resolve) => file.end(resolve)),
  };
}
