/**
 * Values of the configuration with a form of their own: how each is published in the JSON Schema (`$defs`), what a
 * refusal calls it, and how it is read.
 */

import type { Rate } from '../limits/options.ts';
import { isAddressRange } from '../security/address-prefix.ts';
import { readJwksUrl } from '../security/jwks-url.ts';
import type { ScryptHash } from '../security/options.ts';
import { parseScryptHash } from '../security/scrypt-hash.ts';
import { GrpcCode, type GrpcCodeName } from '../status/code.ts';
import { parseTargets, parseUpstream, type Targets } from '../upstream/target.ts';

export interface ValueForm {
  readonly schema: Readonly<Record<string, unknown>>;
  /** "expected …" of a refusal. */
  readonly expected: string;
  /** The value as the program uses it, or undefined when it has not this form; may throw a SchemaError that says more. */
  read(value: unknown): unknown;
  /** What stands in its place may be a secret, and is never shown. */
  readonly isSecret?: boolean;
}

/** What a form looks like in the file, and what it is once read. */
export interface FormTypes {
  duration: { input: string; value: number };
  size: { input: string | number; value: number };
  rate: { input: string; value: Rate };
  factor: { input: number; value: number };
  statusCode: { input: GrpcCodeName; value: GrpcCodeName };
  path: { input: string; value: string };
  headerName: { input: string; value: string };
  ownPath: { input: string | false; value: string | false };
  pathPrefix: { input: string; value: string };
  target: { input: string | readonly string[]; value: Targets };
  upstream: { input: string; value: { target: string; services: string[] } };
  restUpstream: { input: string; value: { url: string; services: string[] } };
  httpUrl: { input: string; value: string };
  storeUrl: { input: string; value: string };
  origin: { input: string; value: string };
  addressRange: { input: string; value: string };
  headerLine: { input: string; value: readonly [name: string, value: string] };
  passwordHash: { input: string; value: ScryptHash };
  keyDigest: { input: string; value: string };
  jwksUrl: { input: string; value: string };
  san: { input: string; value: string };
  identityHeader: { input: string; value: string };
}

const millisecondsOf: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const bytesOf: Readonly<Record<string, number>> = {
  B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30,
}; // biome-ignore format: a table

// Beyond it a timer of Node fires at once.
const longestTimer = 2 ** 31 - 1;

// OK is nothing that a call fails with.
const failureNames = Object.keys(GrpcCode).filter((name) => name !== 'OK');

const durationPattern = '^(?=.*[1-9])\\d+(\\.\\d+)?(ms|s|m|h)$';
const sizePattern = '^\\d+(\\.\\d+)?(B|kB|MB|GB|KiB|MiB|GiB)$';
const ratePattern = `^[1-9]\\d{0,8}/(?=.*[1-9])\\d+(\\.\\d+)?(ms|s|m|h)$`;
const digestPattern = '^sha256:[0-9a-f]{64}$';
const ownPathPattern = '^(/[A-Za-z0-9._~-]+)+$';

/** `1.5s` with 's' → 1000 gives 1500, rounded up to a whole number; NaN for a unit that is not in the table. */
function readQuantity(text: string, units: Readonly<Record<string, number>>): number {
  const [, amount = '', unit = ''] = /^([\d.]+)(.*)$/.exec(text) ?? [];
  return Math.ceil(Number(amount) * (units[unit] ?? Number.NaN));
}

function readText(pattern: string): (value: unknown) => string | undefined {
  const regExp = new RegExp(pattern, 'u');
  return (value) => (typeof value === 'string' && regExp.test(value) ? value : undefined);
}

function readDuration(value: unknown): number | undefined {
  const milliseconds = readQuantity(readText(durationPattern)(value) ?? '', millisecondsOf);
  return milliseconds <= longestTimer ? milliseconds : undefined;
}

function readSize(value: unknown): number | undefined {
  const bytes = typeof value === 'number' ? value : readQuantity(readText(sizePattern)(value) ?? '', bytesOf);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

/** `100/1m` */
function readRate(value: unknown): Rate | undefined {
  const [count = '', window = ''] = readText(ratePattern)(value)?.split('/') ?? [];
  const windowMs = readDuration(window);
  return windowMs === undefined ? undefined : { count: Number(count), windowMs, window };
}

function readTargets(value: unknown): Targets | undefined {
  if (typeof value === 'string') return parseTargets(value);
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const texts: readonly unknown[] = value;
  return texts.every((text) => typeof text === 'string') ? parseTargets(texts) : undefined;
}

/** `[SERVICE=]TARGET` → the object it abbreviates. */
function readUpstream(value: unknown): FormTypes['upstream']['value'] {
  const { service, target } = parseUpstream(String(value));
  return { target: target.text, services: service === undefined ? [] : [service] };
}

/** `[SERVICE=]URL` → the object it abbreviates. */
function readRestUpstream(value: unknown): FormTypes['restUpstream']['value'] | undefined {
  const [, service, url = ''] = /^(?:([A-Za-z_][\w.]*)=)?(.*)$/s.exec(String(value)) ?? [];
  return readHttpUrl(url) === undefined ? undefined : { url, services: service === undefined ? [] : [service] };
}

/** An origin, perhaps with a path that the rules' paths stand behind. */
function readHttpUrl(value: unknown): string | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  return url.search === '' && url.hash === '' && url.username === '' && url.password === '' ? url.href : undefined;
}

/** As browsers write it. */
function readOrigin(value: unknown): string | undefined {
  if (value === '*') return value;
  const origin = typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : undefined;
  return origin === value && origin !== 'null' ? origin : undefined;
}

function readHeaderLine(value: unknown): FormTypes['headerLine']['value'] | undefined {
  const [, name, text] = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([ -~]*)$/.exec(String(value)) ?? [];
  return name === undefined || text === undefined ? undefined : [name.toLowerCase(), text];
}

function textForm(pattern: string, expected: string): ValueForm {
  return { schema: { type: 'string', pattern }, expected, read: readText(pattern) };
}

export const valueForms: Readonly<Record<keyof FormTypes, ValueForm>> = {
  duration: {
    schema: { type: 'string', pattern: durationPattern },
    expected: 'a duration such as 10s or 500ms, of at most 24 days',
    read: readDuration,
  },
  size: {
    schema: { type: ['integer', 'string'], minimum: 0, pattern: sizePattern },
    expected: 'a size such as 4MiB, or a number of bytes',
    read: readSize,
  },
  rate: {
    schema: { type: 'string', pattern: ratePattern },
    expected: 'a rate such as 100/1m',
    read: readRate,
  },
  factor: {
    schema: { type: 'number', exclusiveMinimum: 0, maximum: 1000 },
    expected: 'a number over 0 and up to 1000',
    read: (value) => (typeof value === 'number' && value > 0 && value <= 1000 ? value : undefined),
  },
  statusCode: {
    schema: { enum: failureNames },
    expected: 'the name of a gRPC code such as UNAVAILABLE',
    read: (value) => failureNames.find((name) => name === value),
  },
  path: textForm('.', 'the path of a file or folder'),
  headerName: textForm("^[a-z0-9!#$%&'*+.^_`|~-]+$", 'a header name in lower case'),
  ownPath: {
    schema: { anyOf: [{ type: 'string', pattern: ownPathPattern }, { const: false }] },
    expected: 'a path such as /docs, or false',
    read: (value) => (value === false ? value : readText(ownPathPattern)(value)),
  },
  pathPrefix: textForm('^(/[A-Za-z0-9._~-]+)*$', 'a path such as /-/tandem, or ""'),
  target: {
    schema: {
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
      ],
    },
    expected: 'the address of an upstream such as 127.0.0.1:50051, or a list of them',
    read: readTargets,
  },
  upstream: {
    schema: { type: 'string', minLength: 1 },
    expected: '[SERVICE=]TARGET',
    read: readUpstream,
  },
  restUpstream: {
    schema: { type: 'string', minLength: 1 },
    expected: '[SERVICE=]URL, the URL http:// or https:// without query',
    read: readRestUpstream,
  },
  httpUrl: {
    schema: { type: 'string', pattern: '^https?://' },
    expected: 'an http or https URL without query, fragment or password',
    read: readHttpUrl,
  },
  storeUrl: {
    schema: { type: 'string', pattern: '^rediss?://' },
    expected: 'a URL such as redis://host:6379',
    read: (value) =>
      typeof value === 'string' && /^rediss?:\/\//.test(value) && URL.canParse(value) ? value : undefined,
    isSecret: true,
  },
  origin: {
    schema: { type: 'string', pattern: '^(\\*|https?://[^/]+)$' },
    expected: 'the origin of a site such as https://app.example.com, in lower case and without a path, or *',
    read: readOrigin,
  },
  addressRange: {
    schema: { type: 'string', minLength: 2 },
    expected: 'an IP address or a range such as 10.0.0.0/8',
    read: (value) => (typeof value === 'string' && isAddressRange(value) ? value : undefined),
  },
  headerLine: {
    schema: { type: 'string', pattern: ':' },
    expected: 'a header as NAME: VALUE',
    read: readHeaderLine,
    isSecret: true,
  },
  passwordHash: {
    schema: { type: 'string', pattern: '^\\$scrypt\\$' },
    expected: 'a password’s hash, as tandem keys --user NAME prints it',
    read: (value) => (typeof value === 'string' ? parseScryptHash(value) : undefined),
    isSecret: true,
  },
  keyDigest: {
    schema: { type: 'string', pattern: digestPattern },
    expected: 'an API key’s digest, as tandem keys prints it',
    read: (value) => readText(digestPattern)(value)?.slice('sha256:'.length),
    isSecret: true,
  },
  jwksUrl: {
    schema: { type: 'string', pattern: '^https?://' },
    expected: 'an https URL, or an http one of this machine, of no link-local address and without a password',
    read: (value) => (typeof value === 'string' ? readJwksUrl(value) : undefined),
  },
  san: textForm(
    '^(DNS|URI|email|IP Address):[^\\s\\u0000]+$',
    'a name such as DNS:a.example or URI:spiffe://example/a',
  ),
  identityHeader: textForm(
    '^x-[a-z0-9]+(-[a-z0-9]+)*(?<!-bin)$',
    'a header name such as x-tandem-subject, not one in -bin',
  ),
};
