import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const files = new Map<string, string>();

/** The text of a file of the package's `public/`, read once. Throws where there is none. */
export function publicFile(name: string): string {
  const folder = dirname(createRequire(import.meta.url).resolve('tandem/package.json'));
  const text = files.get(name) ?? readFileSync(join(folder, 'public', name), 'utf8');
  files.set(name, text);
  return text;
}
