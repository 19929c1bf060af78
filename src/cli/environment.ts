/**
 * Configuration from the environment: `TANDEM_PORT` as the flag, `TANDEM_LIMITS__BODY_BYTES` as the file's key.
 */
import { optionsSchema } from '../gateway/options-schema.ts';
import type { KeyPath, ObjectNode, SchemaNode } from '../gateway/options-walk.ts';
import { type ConfigLayer, joinConfig } from './config-layers.ts';
import { keyFlags } from './flags.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** The lowest layer: what variables named `TANDEM_…` set. Lists are separated by commas. Empty variables are as good as none. */
export function environmentLayer(environment: Environment): ConfigLayer {
  const settings = Object.entries(environment).flatMap(([variable, text]) => settingOf(variable, text ?? '') ?? []);
  const contents = settings.map(({ path, value }) => nested(path, value));
  return {
    content: contents.reduce(joinConfig, {}),
    directory: '',
    positionOf: (path: KeyPath) => {
      const setting = settings.find((one) => one.path.every((key, index) => key === path[index]));
      return setting && { file: setting.variable, line: 0, column: 0 };
    },
  };
}

function settingOf(variable: string, text: string): Setting | undefined {
  const name = /^TANDEM_(.+)$/.exec(variable)?.[1];
  // Kubernetes sets TANDEM_PORT=tcp://10.0.0.1:80 in every pod beside a service called tandem.
  if (name === undefined || text === '' || text.startsWith('tcp://')) return undefined;
  const flag = keyFlags.find((one) => plain(one.name) === plain(name));
  const path = flag?.key ?? keysOf(name.split('__'));
  const isOurs =
    flag !== undefined ||
    name.includes('__') ||
    (path[0] !== undefined && Object.hasOwn(optionsSchema.properties, path[0]));
  return isOurs ? { variable, path, value: settingValue(path, text) } : undefined;
}

const plain = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase();

/** `['LIMITS', 'BODY_BYTES']` → `['limits', 'bodyBytes']`; names that are no keys stay, in lower case, and are refused later. */
function keysOf(names: readonly string[]): string[] {
  let node: SchemaNode | undefined = optionsSchema;
  return names.map((name) => {
    const properties: ObjectNode['properties'] = node !== undefined && 'properties' in node ? node.properties : {};
    const key = Object.keys(properties).find((known) => plain(known) === plain(name)) ?? name.toLowerCase();
    node = properties[key];
    return key;
  });
}

function nodeAt(path: readonly string[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>(
    (node, key) => (node !== undefined && 'properties' in node ? node.properties[key] : undefined),
    optionsSchema,
  );
}

/** The text of a variable or flag as the value its key takes; a list's texts are separated by commas. */
export function settingValue(path: readonly string[], text: string): unknown {
  const node = nodeAt(path);
  if (node !== undefined && 'items' in node) return text.split(',').map((part) => part.trim());
  const isText = node !== undefined && 'type' in node && node.type === 'string';
  return isText ? text : plainScalar(text);
}

/** What unquoted text means where a number or a flag is due: `8080` → 8080, `true` → true, else itself. */
export function plainScalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : text;
}

/** `['listen', 'port']`, 8080 → `{ listen: { port: 8080 } }`. */
export function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, key) => Object.fromEntries([[key, inner]]), value);
}
