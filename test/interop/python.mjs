// The interpreter of .cache/venv where there is one (see python/requirements.txt), else the one on the path.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** An interpreter that has these modules, or undefined. */
export function pythonWith(modules) {
  const own = resolve('.cache', 'venv', 'bin', 'python');
  const python = existsSync(own) ? own : 'python3';
  try {
    execFileSync(python, ['-c', `import ${modules}`], { stdio: 'pipe' });
    return python;
  } catch {
    return undefined;
  }
}
