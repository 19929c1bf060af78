/** Notices that files have other contents, also when a link on the way leads elsewhere, as Kubernetes renews what it mounts. */
import { createHash } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';

const INTERVAL_MS = 1_000;
/** Certificate and key are written one after the other. */
const QUIET_MS = 200;

/** Calls `changed` once the files have been quiet after a change. Gives the function that ends it. Keeps no process alive. */
export function watchContents(paths: readonly string[], changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const touch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(changed, QUIET_MS).unref();
  };
  for (const path of paths) watchFile(path, { interval: INTERVAL_MS, persistent: false }, touch);
  // What Node compares with it looks up in its own time: a change before that would be missed.
  const before = contentsKey(paths);
  const first = setTimeout(() => {
    if (contentsKey(paths) !== before) touch();
  }, INTERVAL_MS).unref();
  return () => {
    clearTimeout(first);
    clearTimeout(timer);
    for (const path of paths) unwatchFile(path, touch);
  };
}

/** A digest of what is in the files; one that cannot be read has nothing in it. */
export function contentsKey(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0`).update(contentsOf(path)).update('\0');
  return hash.digest('base64');
}

function contentsOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
