/**
 * The flags of all commands, and how an argument list is read. Wrong usage is a UsageError, exit 2.
 */
import { parseArgs } from 'node:util';
import { nearestName } from '../gateway/nearest-name.ts';

/** The command was called in a way that it does not know. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What the help calls its value; a flag without one is on or off. */
  readonly value?: string;
  readonly isRepeatable?: boolean;
  readonly help: string;
}

/** A flag that sets a key of the configuration. */
export interface SettingFlag extends Flag {
  readonly key: readonly string[];
}

export const settingFlags: readonly SettingFlag[] = [
  {
    name: 'proto',
    short: 'p',
    value: 'PATH',
    isRepeatable: true,
    key: ['protos'],
    help: 'A .proto file, or a folder searched recursively',
  },
  {
    name: 'import',
    short: 'I',
    value: 'DIR',
    isRepeatable: true,
    key: ['imports'],
    help: 'Import path; google/* protos are found without it',
  },
  {
    name: 'descriptor-set',
    value: 'FILE',
    isRepeatable: true,
    key: ['descriptorSets'],
    help: 'A binary FileDescriptorSet (protoc, buf)',
  },
  { name: 'reflect', key: ['reflect'], help: "Take descriptors from the upstreams' server reflection" },
  { name: 'rules', value: 'FILE', isRepeatable: true, key: ['rules'], help: 'Service-config YAML with http.rules' },
  {
    name: 'upstream',
    short: 'u',
    value: '[SERVICE=]TARGET',
    isRepeatable: true,
    key: ['upstreams'],
    help: 'host:port, https://host:port, unix:PATH or dns:///host:port; without SERVICE for every service',
  },
];

export const listenFlags: readonly SettingFlag[] = [
  {
    name: 'rest-upstream',
    value: '[SERVICE=]URL',
    isRepeatable: true,
    key: ['restUpstreams'],
    help: 'A server that is REST only, http:// or https://, called by the same rules',
  },
  { name: 'mock', key: ['mock'], help: 'Make up replies for services that no upstream serves' },
  { name: 'host', value: 'ADDRESS', key: ['listen', 'host'], help: 'Address to listen on; default 127.0.0.1' },
  { name: 'port', value: 'NUMBER', key: ['listen', 'port'], help: 'Port to listen on, 0 for a free one; default 8080' },
  { name: 'workers', value: 'NUMBER', key: ['listen', 'workers'], help: 'Processes that share the port; default 1' },
];

/** Of the commands that write documents. */
export const documentFlags: readonly SettingFlag[] = [
  {
    name: 'visibility',
    value: 'LABEL',
    isRepeatable: true,
    key: ['docs', 'visibility'],
    help: 'Keep what google.api.visibility restricts to the label',
  },
];

/** All flags that set a key. */
export const keyFlags: readonly SettingFlag[] = [...settingFlags, ...listenFlags, ...documentFlags];

export const generalFlags: readonly Flag[] = [
  {
    name: 'config',
    short: 'c',
    value: 'FILE',
    help: 'Configuration; tandem.yaml of the working directory is read without asking',
  },
  { name: 'help', short: 'h', help: 'Show this help' },
];

export const jsonFlag: Flag = { name: 'json', help: 'Print JSON' };

/** Flags by name, and what stood beside them. A repeatable flag has a list, one without value `true`. */
export interface Arguments {
  readonly flags: ReadonlyMap<string, string | boolean | readonly string[]>;
  readonly positionals: readonly string[];
}

/** Reads the arguments of one command. Throws UsageError for a flag that it has not, twice what is once, or a missing value. */
export function parseArguments(args: readonly string[], known: readonly Flag[]): Arguments {
  const options = Object.fromEntries(
    known.map(({ name, short, value }) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short !== undefined && { short }) },
    ]),
  );
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const flags = new Map<string, string | boolean | string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const flag = known.find(({ name }) => name === token.name);
    if (flag === undefined) throw new UsageError(unknownFlag(token.rawName, known));
    const value = flagValue(flag, token.value, token.inlineValue === true);
    const before = flags.get(flag.name);
    if (flag.isRepeatable) flags.set(flag.name, [...((before as string[] | undefined) ?? []), String(value)]);
    else if (before !== undefined) throw new UsageError(`--${flag.name}: given twice`);
    else flags.set(flag.name, value);
  }
  return { flags, positionals };
}

function flagValue({ name, value: placeholder }: Flag, value: string | undefined, isInline: boolean): string | true {
  if (placeholder === undefined) {
    if (value !== undefined) throw new UsageError(`--${name}: takes no value`);
    return true;
  }
  // `--proto --reflect` forgot the folder; `--proto=--odd` means it.
  if (value === undefined || value === '' || (!isInline && /^--?[a-z]/.test(value))) {
    throw new UsageError(`--${name}: needs a value, --${name} ${placeholder}`);
  }
  return value;
}

function unknownFlag(raw: string, known: readonly Flag[]): string {
  const near = nearestName(
    raw.replace(/^-+/, ''),
    known.map(({ name }) => name),
  );
  return `${raw}: unknown flag${near === undefined ? '' : `; did you mean --${near}?`}`;
}
