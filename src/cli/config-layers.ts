/**
 * Where configuration comes from, and which wins: a flag over the file, the file over the environment, all over the
 * defaults.
 */
import type { ResolveContext } from '../gateway/options.ts';
import type { KeyPath } from '../gateway/options-walk.ts';
import type { SourcePosition } from '../schema/descriptors.ts';

/** One source of configuration. */
export interface ConfigLayer {
  readonly content: unknown;
  /** Folder its relative paths start from. */
  readonly directory: string;
  /** Where the value, or the nearest key above it, was written. */
  positionOf(path: KeyPath): SourcePosition | undefined;
}

/** What the layers, lowest first, make together, as `createGateway` takes it. */
export interface JoinedConfig {
  readonly input: unknown;
  readonly context: ResolveContext;
}

/**
 * Joins layers, lowest first: mappings key by key; everything else of a higher layer replaces what lies below. Problems
 * found in the result will name the place in the layer that the value comes from.
 */
export function joinLayers(layers: readonly ConfigLayer[]): JoinedConfig {
  const highestFirst = layers.toReversed();
  /** The layer in which the value stands, or most of the way to it. */
  const layerOf = (path: KeyPath): ConfigLayer | undefined => {
    for (let length = path.length; length > 0; length--) {
      const layer = highestFirst.find(({ content }) => has(content, path.slice(0, length)));
      if (layer !== undefined) return layer;
    }
    return undefined;
  };
  return {
    input: layers.map(({ content }) => content).reduce(joinConfig, {}),
    context: {
      directoryOf: (path) => layerOf(path)?.directory ?? '',
      positionOf: (path) => layerOf(path)?.positionOf(path),
    },
  };
}

/** The higher value, and where both are mappings their keys together. */
export function joinConfig(low: unknown, high: unknown): unknown {
  if (!isMapping(low) || !isMapping(high)) return high ?? low;
  const keys = new Set([...Object.keys(low), ...Object.keys(high)]);
  // Object.fromEntries defines keys and so makes `__proto__` one like any other.
  return Object.fromEntries([...keys].map((key) => [key, joinConfig(own(low, key), own(high, key))]));
}

function has(content: unknown, path: KeyPath): boolean {
  const end = path.reduce<unknown>((value, key) => (value === undefined ? undefined : own(value, key)), content);
  return end !== undefined;
}

function own(value: unknown, key: string | number): unknown {
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  return isThere ? (value as Record<string | number, unknown>)[key] : undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
