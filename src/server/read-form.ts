/**
 * multipart/form-data to its parts, by the parser of @fastify/multipart. The plugin itself reads a request while it arrives, into files or a
 * body of its own making; here the body is there, within the limits of any other.
 */
import { Busboy, type BusboyConfig, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { StatusError } from '../status/status-error.ts';
import type { FormPart } from '../transcode/exchange.ts';

/** The parts in their order. Rejects with INVALID_ARGUMENT for a malformed body, or one of more than `maxParts`. */
export async function readForm(body: Uint8Array, contentType: string, maxParts: number): Promise<readonly FormPart[]> {
  const parser = openParser(contentType, maxParts);
  const parts: Promise<FormPart>[] = [];
  const parsed = new Promise<void>((resolve, reject) => {
    parser.on('file', (name: string | undefined, stream, filename: string | undefined, _encoding, type) => {
      const part = { name: name ?? '', contentType: type, ...(filename !== undefined && { filename }) };
      const read = bytesOf(stream).then((data) => ({ ...part, data }));
      read.catch(() => {});
      parts.push(read);
    });
    parser.on('partsLimit', () => reject(StatusError.invalidField('', `more than ${maxParts} parts in the form`)));
    parser.on('error', (cause) => reject(malformed(cause)));
    parser.on('finish', resolve);
  });
  parser.end(body);
  await parsed;
  // Browsers send a part without a name for a file that was not chosen.
  return (await Promise.all(parts)).filter(({ filename, data }) => filename !== '' || data.length > 0);
}

function openParser(contentType: string, maxParts: number): BusboyInstance {
  // Every part as a file: bytes, which the transcoder decodes or not.
  const config: BusboyConfig = {
    headers: { 'content-type': contentType },
    limits: { parts: maxParts, files: maxParts },
    isPartAFile: () => true,
  };
  try {
    return new Busboy(config);
  } catch (cause) {
    throw malformed(cause);
  }
}

async function bytesOf(stream: BusboyFileStream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function malformed(cause: unknown): StatusError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return StatusError.invalidField('', `the multipart body is malformed: ${why}`, cause);
}
