/**
 * @module The paths that are the gateway's own: OpenAPI documents, Swagger UI, the comparison, the analytics, `/metrics`, `/healthz`, `/readyz`. A
 * rule of the user's with the same path wins over them.
 */
import type { Generation } from '../gateway/generation.ts';
import type { Options } from '../gateway/options.ts';

const names = [
  'ui',
  'openapiJson',
  'openapiYaml',
  'openapiParts',
  'compare',
  'analytics',
  'metrics',
  'healthz',
  'readyz',
] as const;

/** One path of the gateway's own. */
export interface OwnPath {
  readonly name: (typeof names)[number];
  readonly path: string;
  /** The id of the user's binding that has this path, and so hides the page. */
  readonly shadowedBy: string | undefined;
}

/** The own paths that are switched on. */
export function ownPathsOf({ options, table }: Pick<Generation, 'options' | 'table'>): readonly OwnPath[] {
  const { prefix, paths } = options.docs;
  return names.flatMap((name) => {
    const own = paths[name];
    if (own === false || !isOn(name, options)) return [];
    const path = prefix + own;
    // Of a folder any file stands for all.
    const outcome = table.match('GET', name === 'openapiParts' ? `${path}/x.json` : path);
    return [{ name, path, shadowedBy: outcome.kind === 'matched' ? outcome.binding.id : undefined }];
  });
}

function isOn(name: OwnPath['name'], { observability }: Options): boolean {
  return (name !== 'metrics' && name !== 'analytics') || observability[name];
}
