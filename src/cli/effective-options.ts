/** The options in effect, as lines a user can compare with the file: `limits.bodyBytes  4MiB`. */
import { type Options, resolveOptions } from '../gateway/options.ts';
import { valueForms } from '../gateway/options-forms.ts';
import { optionsSchema } from '../gateway/options-schema.ts';
import type { SchemaNode } from '../gateway/options-walk.ts';
import type { Rate } from '../limits/options.ts';

export interface EffectiveOption {
  readonly key: string;
  readonly value: string;
  readonly isDefault: boolean;
}

/** Every key with its value, in the order of the schema. Keys that are unset and have no default are left out. */
export function effectiveOptions(options: Options): readonly EffectiveOption[] {
  const defaults = new Map(leavesOf(optionsSchema, resolveOptions({}), ''));
  return leavesOf(optionsSchema, options, '').map(([key, value]) => ({
    key,
    value,
    isDefault: defaults.get(key) === value,
  }));
}

function leavesOf(node: SchemaNode, value: unknown, key: string): [key: string, value: string][] {
  if (value === undefined) return [];
  if ('anyOf' in node) return leavesOf(node.anyOf[1], value, key);
  if ('properties' in node) {
    const values = value as Readonly<Record<string, unknown>>;
    return Object.entries(node.properties).flatMap(([name, child]) =>
      leavesOf(child, values[name], key === '' ? name : `${key}.${name}`),
    );
  }
  if ('items' in node && ('anyOf' in node.items || 'properties' in node.items)) {
    const { items } = node;
    return (value as readonly unknown[]).flatMap((item, index) => leavesOf(items, item, `${key}[${index}]`));
  }
  if ('items' in node && '$ref' in node.items && node.items.$ref === '#/$defs/rate') {
    const texts = (value as readonly Rate[]).map(({ count, window }) => `${count}/${window}`);
    return [[key, JSON.stringify(texts)]];
  }
  return [[key, valueText(node, value)]];
}

function valueText(node: SchemaNode, value: unknown): string {
  const form = formOf(node) ?? ('items' in node ? formOf(node.items) : undefined);
  if (form === 'duration') return quantity(Number(value), durations);
  if (form === 'size') return quantity(Number(value), sizes);
  if (form !== undefined && valueForms[form].isSecret && JSON.stringify(value) !== '[]') return '(not shown)';
  if (form === 'target') return (value as { readonly text: string }).text;
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

function formOf(node: SchemaNode): keyof typeof valueForms | undefined {
  return '$ref' in node ? (node.$ref.slice('#/$defs/'.length) as keyof typeof valueForms) : undefined;
}

const durations = [['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]] as const; // biome-ignore format: a table
const sizes = [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10], ['', 1]] as const; // biome-ignore format: a table

/** 90000 in durations → `90s`: the largest unit that leaves no rest. */
function quantity(amount: number, units: readonly (readonly [unit: string, size: number])[]): string {
  const [unit, size] = units.find(([, one]) => amount % one === 0) ?? ['', 1];
  return amount === 0 ? '0' : `${amount / size}${unit}`;
}
