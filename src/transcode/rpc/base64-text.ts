/**
 * The base64 of gRPC-Web's text form: of each piece by itself, so that padding may stand in the middle (PROTOCOL-WEB.md, "Message
 * framing").
 */
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';

/** Decodes a body as it arrives: groups of four characters, padded or not, wherever the chunks end. */
export class Base64Decoder {
  #rest = '';

  /** Throws INVALID_ARGUMENT for what is no base64. */
  push(chunk: Uint8Array): Uint8Array {
    const text = this.#rest + Buffer.from(chunk).toString('latin1');
    const end = text.length - (text.length % 4);
    this.#rest = text.slice(end);
    const groups = text.slice(0, end);
    if (!groups.includes('=')) return decode(groups);
    // Node's decoder ends at padding.
    return Buffer.concat((groups.match(/[^=]+=*|=/g) ?? []).map(decode));
  }

  end(): void {
    if (this.#rest !== '') throw malformed();
  }
}

function decode(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  // Node's decoder passes over what is no base64.
  if (text.length % 4 !== 0 || bytes.length !== (text.length / 4) * 3 - padding) throw malformed();
  return bytes;
}

function malformed(): StatusError {
  return new StatusError(GrpcCode.INVALID_ARGUMENT, 'the request body is not base64');
}
