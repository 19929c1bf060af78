/** How reloads went, for logs and metrics. */

export interface ReloadStats {
  /** Generations that were swapped in after the first. */
  readonly reloads: number;
  /** Changes that were refused: the generation before them stays. */
  readonly refusals: number;
  /** When the present generation was swapped in, in milliseconds since 1970. */
  readonly since: number;
  readonly lastRefusal: { readonly at: number; readonly reason: string } | undefined;
}

export const firstStats = (): ReloadStats => ({ reloads: 0, refusals: 0, since: Date.now(), lastRefusal: undefined });

export function withReload(stats: ReloadStats): ReloadStats {
  return { ...stats, reloads: stats.reloads + 1, since: Date.now() };
}

export function withRefusal(stats: ReloadStats, error: unknown): ReloadStats {
  const reason = error instanceof Error ? error.message : String(error);
  return { ...stats, refusals: stats.refusals + 1, lastRefusal: { at: Date.now(), reason } };
}
