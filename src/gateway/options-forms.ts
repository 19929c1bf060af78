/**
 * Values of the configuration with a form of their own: how each is published in the JSON Schema (`$defs`), what a
 * refusal calls it, and how it is read.
 */

export interface ValueForm {
  readonly schema: Readonly<Record<string, unknown>>;
  /** "expected …" of a refusal. */
  readonly expected: string;
  /** The value as the program uses it, or undefined when it has not this form. */
  read(value: unknown): unknown;
}

/** What a form looks like in the file, and what it is once read. */
export interface FormTypes {
  duration: { input: string; value: number };
  size: { input: string | number; value: number };
  path: { input: string; value: string };
  headerName: { input: string; value: string };
  ownPath: { input: string | false; value: string | false };
  pathPrefix: { input: string; value: string };
  target: { input: string; value: string };
  upstream: { input: string; value: { target: string; services: readonly string[] } };
}

const millisecondsOf: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const bytesOf: Readonly<Record<string, number>> = {
  B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30,
}; // biome-ignore format: a table

// Beyond it a timer of Node fires at once.
const longestTimer = 2 ** 31 - 1;

const target = '((https://|dns:///)?([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):\\d{1,5}|unix:.+)';

const patterns = {
  duration: '^(?=.*[1-9])\\d+(\\.\\d+)?(ms|s|m|h)$',
  size: '^\\d+(\\.\\d+)?(B|kB|MB|GB|KiB|MiB|GiB)$',
  headerName: "^[a-z0-9!#$%&'*+.^_`|~-]+$",
  ownPath: '^(/[A-Za-z0-9._~-]+)+$',
  pathPrefix: '^(/[A-Za-z0-9._~-]+)*$',
  target: `^${target}$`,
  upstream: `^([A-Za-z_][A-Za-z0-9_.]*=)?${target}$`,
} as const;

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
  const milliseconds = readQuantity(readText(patterns.duration)(value) ?? '', millisecondsOf);
  return milliseconds <= longestTimer ? milliseconds : undefined;
}

function readSize(value: unknown): number | undefined {
  const bytes = typeof value === 'number' ? value : readQuantity(readText(patterns.size)(value) ?? '', bytesOf);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

/** `[SERVICE=]TARGET` → the object it abbreviates. */
function readUpstream(value: unknown): { target: string; services: readonly string[] } | undefined {
  const text = readText(patterns.upstream)(value);
  const [, service = '', rest = ''] = /^(?:([A-Za-z_][\w.]*)=)?(.+)$/.exec(text ?? '') ?? [];
  return text === undefined ? undefined : { target: rest, services: service === '' ? [] : [service] };
}

export const valueForms: Readonly<Record<keyof FormTypes, ValueForm>> = {
  duration: {
    schema: { type: 'string', pattern: patterns.duration },
    expected: 'a duration such as 10s or 500ms, of at most 24 days',
    read: readDuration,
  },
  size: {
    schema: { type: ['integer', 'string'], minimum: 0, pattern: patterns.size },
    expected: 'a size such as 4MiB, or a number of bytes',
    read: readSize,
  },
  path: { schema: { type: 'string', pattern: '.' }, expected: 'the path of a file or folder', read: readText('.') },
  headerName: {
    schema: { type: 'string', pattern: patterns.headerName },
    expected: 'a header name in lower case',
    read: readText(patterns.headerName),
  },
  ownPath: {
    schema: { anyOf: [{ type: 'string', pattern: patterns.ownPath }, { const: false }] },
    expected: 'a path such as /docs, or false',
    read: (value) => (value === false ? value : readText(patterns.ownPath)(value)),
  },
  pathPrefix: {
    schema: { type: 'string', pattern: patterns.pathPrefix },
    expected: 'a path such as /-/tandem, or ""',
    read: readText(patterns.pathPrefix),
  },
  target: {
    schema: { type: 'string', pattern: patterns.target },
    expected: 'host:port, https://host:port, unix:PATH or dns:///host:port',
    read: readText(patterns.target),
  },
  upstream: {
    schema: { type: 'string', pattern: patterns.upstream },
    expected: '[SERVICE=]TARGET, a target being host:port, https://host:port, unix:PATH or dns:///host:port',
    read: readUpstream,
  },
};
