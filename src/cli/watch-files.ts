/** Notices changes of files and of all below folders. */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

// An editor's save is several events, and a checkout touches many files.
const quietMs = 200;

// Kubernetes renews what it mounts by turning this link of the folder, which the files are links through.
const kubernetesLink = '..data';

/** Calls `changed` once the paths have been quiet for a moment after a change. Gives the function that ends it. */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const touch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, quietMs);
  };
  const watchers = paths.flatMap((path) => watchPath(path, touch) ?? []);
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** A file is watched through its folder: editors put a new file in the place of the old one, which a watch does not follow. */
function watchPath(path: string, touch: () => void): FSWatcher | undefined {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder) return watch(path, { recursive: true }, touch);
  const name = basename(path);
  return watch(dirname(path), (_, file) => (file === name || file === kubernetesLink) && touch());
}
