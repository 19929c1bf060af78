import type { Generation } from '../gateway/generation.ts';
import { ownPathsOf } from './own-paths.ts';

const titles = {
  ui: 'The API',
  compare: 'REST and gRPC, side by side',
  analytics: 'Calls through this gateway',
} as const;

export interface PageLink {
  readonly name: keyof typeof titles;
  readonly path: string;
  readonly title: string;
}

/** The pages that a reader can go to. */
export function pageLinks(generation: Generation): readonly PageLink[] {
  return ownPathsOf(generation).flatMap(({ name, path, shadowedBy }) =>
    shadowedBy === undefined && isPage(name) ? [{ name, path, title: titles[name] }] : [],
  );
}

function isPage(name: string): name is PageLink['name'] {
  return Object.hasOwn(titles, name);
}
