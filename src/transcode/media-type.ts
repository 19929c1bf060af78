/**
 * @module Content-Type and Accept (RFC 9110, 8.3 and 12.5.1): what a body is, and what the client wants back.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

export type BodyFormat = 'json' | 'protobuf';

/** `Application/JSON; charset=utf-8` → `application/json`. */
export function essenceOf(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/**
 * The format of a request body by its Content-Type; JSON when there is none. Throws 415 for any other type, and for a
 * charset other than UTF-8, which JSON text between systems must be (RFC 8259, 8.1).
 */
export function bodyFormatOf(contentType: string | undefined): BodyFormat {
  if (contentType === undefined || contentType === 'application/json') return 'json';
  const essence = essenceOf(contentType);
  const format = formatOfEssence(essence);
  if (format === undefined) {
    throw unsupported(`cannot read a body of type "${essence}"; send application/json or application/x-protobuf`);
  }
  if (format === 'json') refuseCharset(contentType, 'JSON');
  return format;
}

/** Refuses `what` in a charset other than UTF-8 with 415: bytes of another that happen to be UTF-8 would be read as what they are not. */
export function refuseCharset(contentType: string, what: string): void {
  const charset = charsetOf(contentType);
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return;
  throw unsupported(`cannot read ${what} in the charset "${charset}"; send UTF-8`);
}

/** `application/json` and `…+json`. */
export function isJsonType(essence: string): boolean {
  return essence === 'application/json' || (essence.endsWith('+json') && essence.includes('/'));
}

function formatOfEssence(essence: string): BodyFormat | undefined {
  if (isJsonType(essence)) return 'json';
  if (essence === 'application/x-protobuf' || essence === 'application/protobuf') return 'protobuf';
  return undefined;
}

function charsetOf(contentType: string): string | undefined {
  for (const parameter of contentType.split(';').slice(1)) {
    const [name = '', value = ''] = parameter.split('=');
    if (name.trim().toLowerCase() === 'charset') return value.trim().replaceAll('"', '').toLowerCase();
  }
  return undefined;
}

/**
 * Refuses a compressed body with 415 and says what is taken (RFC 9110, 15.5.16): nothing here decompresses, and what the JSON reader
 * would say of such bytes helps nobody.
 */
export function refuseCompression(contentEncoding: string | undefined): void {
  if (contentEncoding === undefined || contentEncoding.trim().toLowerCase() === 'identity') return;
  throw new StatusError(
    GrpcCode.INVALID_ARGUMENT,
    `cannot read a body encoded as "${contentEncoding}"; send it plain`,
    {
      httpStatus: 415,
      headers: [['accept-encoding', 'identity']],
    },
  );
}

function unsupported(message: string): StatusError {
  return new StatusError(GrpcCode.INVALID_ARGUMENT, message, { httpStatus: 415 });
}

/**
 * The one of `offers` (types, best first) that an Accept header prefers, or undefined when it takes none of them. No header, or an
 * unreadable one, takes the first. Quality decides, then the order of the offers.
 */
export function preferredType<T extends string>(accept: string | undefined, offers: readonly T[]): T | undefined {
  if (accept === undefined || accept === '' || accept === '*/*') return offers[0];
  const ranges = accept.split(',').map(parseRange);
  let best: T | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 1 };
}

/** The quality of the most specific range that holds the type; 0 when none does. */
function qualityOf(offer: string, ranges: readonly MediaRange[]): number {
  const spellings = [offer, `${offer.slice(0, offer.indexOf('/'))}/*`, '*/*'];
  for (const spelling of spellings) {
    const range = ranges.find(({ type }) => type === spelling);
    if (range !== undefined) return range.quality;
  }
  return 0;
}
