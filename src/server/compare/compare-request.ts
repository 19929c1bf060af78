/** What the page asks for, checked: it is JSON from outside. */
import type { FastifyRequest } from 'fastify';
import { type Framing, framings } from '../../compare/prepare-calls.ts';
import { type Protocol, protocols } from '../../compare/prepared-call.ts';
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';

/** A call to be made. */
export interface CompareRequest {
  readonly method: string;
  /** Not looked into: a message, or a list of them. */
  readonly message: unknown;
  /** Those that the page was given. */
  readonly ownHeaders: Metadata;
  /** The same, and the credentials by which the reader asks. */
  readonly headers: Metadata;
  readonly framing: Framing;
  readonly protocols: readonly Protocol[];
}

/** Headers that are the protocols' own. */
const reserved = /^(connection|content-.*|host|keep-alive|te|trailer|transfer-encoding|upgrade|grpc-.*|:.*)$/;

/** Throws INVALID_ARGUMENT that names the member. */
export function readCompareRequest(request: FastifyRequest): CompareRequest {
  const body = objectOf(request.body, '');
  const ownHeaders = headersOf(body['headers'] ?? {});
  return {
    ownHeaders,
    method: textOf(body['method'], 'method'),
    message: body['message'] ?? {},
    headers: withCredentials(ownHeaders, request),
    framing: oneOf(Object.keys(framings) as Framing[], body['framing'] ?? 'array', 'framing'),
    protocols: listOf(body['protocols'] ?? protocols, 'protocols').map((one) => oneOf(protocols, one, 'protocols')),
  };
}

/** A whole number of the body, from 1 to `most`. */
export function readNumber({ body }: FastifyRequest, name: string, byDefault: number, most: number): number {
  const value = objectOf(body, '')[name] ?? byDefault;
  if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > most) {
    throw StatusError.invalidField(name, `expected a whole number from 1 to ${most}`);
  }
  return Number(value);
}

function headersOf(value: unknown): Metadata {
  return Object.entries(objectOf(value, 'headers')).map(([given, text]) => {
    const name = given.toLowerCase();
    if (!/^[\w.-]+$/.test(name) || reserved.test(name)) {
      throw StatusError.invalidField('headers', `${given} cannot be set: it is no name, or the protocols' own`);
    }
    if (typeof text !== 'string' || !/^[\x20-\x7e]*$/.test(text)) {
      throw StatusError.invalidField('headers', `${given}: expected printable ASCII`);
    }
    return [name, text] as const;
  });
}

function withCredentials(given: Metadata, { headers }: FastifyRequest): Metadata {
  const names = ['authorization', 'cookie'] as const;
  const own = names.flatMap((name) => {
    const value = headers[name];
    return value === undefined || given.some(([other]) => other === name) ? [] : [[name, value] as const];
  });
  return [...given, ...own];
}

/** A JSON object; INVALID_ARGUMENT for anything else. */
export function objectOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw StatusError.invalidField(name, 'expected a JSON object');
}

/** A list; INVALID_ARGUMENT for anything else. */
export function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw StatusError.invalidField(name, 'expected a list');
}

/** A text; INVALID_ARGUMENT for anything else. */
export function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw StatusError.invalidField(name, 'expected a text');
}

/** One of several texts; INVALID_ARGUMENT for anything else. */
export function oneOf<Choice extends string>(choices: readonly Choice[], value: unknown, name: string): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw StatusError.invalidField(name, `expected ${choices.join(', ')}`);
  return found;
}
