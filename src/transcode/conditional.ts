/**
 * @module Conditional and range requests (RFC 9110, 13 and 14) for replies that are bytes: what a client has already is not sent again.
 * The upstream is called all the same, since only its answer tells.
 */
import { createHash } from 'node:crypto';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { type HttpReply, type HttpRequest, headerText } from './exchange.ts';

type Conditions = Pick<HttpRequest, 'method' | 'headers'>;

/** By what a representation is known. */
interface Validators {
  readonly etag: string;
  /** Milliseconds; NaN when the upstream does not say. */
  readonly modified: number;
}

/**
 * The reply as the request's conditions want it: whole with its ETag, in part (206), or not at all (304). The upstream may name an `etag` and
 * `last-modified` in its metadata; else the tag is a hash. Throws 412, and 416 for a range that lies behind the end. Several ranges get
 * the whole, as a server may answer (RFC 9110, 14.2). Methods other than GET and HEAD get the reply as it is.
 */
export function conditionalReply(request: Conditions, reply: HttpReply): HttpReply {
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply;
  const own = headerOf(reply, 'etag');
  const etag = own ?? hashOf(reply.body);
  const validators = { etag, modified: Date.parse(headerOf(reply, 'last-modified') ?? '') };
  const headers = own === undefined ? [...reply.headers, ['etag', etag] as const] : reply.headers;
  refuseUnmet(request.headers, validators);
  if (isKnown(request.headers, validators)) return { status: 304, headers: headers.filter(isKept), body: nothing };
  const whole: HttpReply = { ...reply, headers: [...headers, ['accept-ranges', 'bytes']] };
  const range = rangeOf(request, validators, reply.body.length);
  if (range === undefined) return whole;
  const { first, last } = range;
  return {
    status: 206,
    headers: [...whole.headers, ['content-range', `bytes ${first}-${last}/${reply.body.length}`]],
    body: reply.body.subarray(first, last + 1),
  };
}

const nothing = new Uint8Array();

function headerOf({ headers }: HttpReply, wanted: string): string | undefined {
  return headers.find(([name]) => name === wanted)?.[1];
}

function hashOf(body: Uint8Array): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}

/** Not what describes the content that is not sent (RFC 9110, 15.4.5). */
function isKept([name]: HttpReply['headers'][number]): boolean {
  return name !== 'content-type' && name !== 'last-modified';
}

/** If-Match, or else If-Unmodified-Since: for who wants to go on with what it has. */
function refuseUnmet(headers: HttpRequest['headers'], { etag, modified }: Validators): void {
  const tags = headerText(headers['if-match']);
  const since = Date.parse(headerText(headers['if-unmodified-since']) ?? '');
  const isMet = tags === undefined ? !(modified > since) : hasTag(tags, etag, isStrongMatch);
  if (isMet) return;
  const message = `the content is another one by now${tags === undefined ? '' : `: its tag is ${etag}`}`;
  throw new StatusError(GrpcCode.FAILED_PRECONDITION, message, { httpStatus: 412, headers: [['etag', etag]] });
}

/** If-None-Match, or else If-Modified-Since: for who has a copy. */
function isKnown(headers: HttpRequest['headers'], { etag, modified }: Validators): boolean {
  const tags = headerText(headers['if-none-match']);
  if (tags !== undefined) return hasTag(tags, etag, isWeakMatch);
  return modified <= Date.parse(headerText(headers['if-modified-since']) ?? '');
}

function hasTag(list: string, etag: string, isMatch: (a: string, b: string) => boolean): boolean {
  if (list.trim() === '*') return true;
  // A tag may hold commas.
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => isMatch(tag, etag));
}

function isStrongMatch(a: string, b: string): boolean {
  return a === b && !a.startsWith('W/');
}

function isWeakMatch(a: string, b: string): boolean {
  return a.replace('W/', '') === b.replace('W/', '');
}

interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Undefined for the whole: no range, one that is not understood, several, or one of a version that is gone. */
function rangeOf({ method, headers }: Conditions, validators: Validators, length: number): ByteRange | undefined {
  const [, from = '', to = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(headerText(headers['range']) ?? '') ?? [];
  const isRange = from === '' ? to !== '' : to === '' || Number(from) <= Number(to);
  if (method !== 'GET' || !isRange || !isCurrent(headerText(headers['if-range']), validators)) return undefined;
  const first = from === '' ? Math.max(0, length - Number(to)) : Number(from);
  const last = from === '' || to === '' ? length - 1 : Math.min(Number(to), length - 1);
  if (first <= last) return { first, last };
  throw new StatusError(GrpcCode.OUT_OF_RANGE, `the content has ${length} bytes`, {
    httpStatus: 416,
    headers: [['content-range', `bytes */${length}`]],
  });
}

/** If-Range holds one tag or a date, which must be the exact one. */
function isCurrent(version: string | undefined, { etag, modified }: Validators): boolean {
  if (version === undefined) return true;
  return version.includes('"') ? isStrongMatch(version.trim(), etag) : Date.parse(version) === modified;
}
