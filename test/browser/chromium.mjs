// The browser of the tests: Chromium as it is installed.
import { execFileSync } from 'node:child_process';
import { chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser to use: CHROMIUM, or the first that the shell finds. */
function browserPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const script = names.map((name) => `command -v ${name}`).join(' || ');
  try {
    return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

const executablePath = browserPath();
// Where everything is installed on purpose, nothing may be left out in silence.
/** Why there is no browser to test in; false when there is one. */
export const skip = executablePath === undefined && !process.env.CI && `there is none of ${names.join(', ')}`;

/** Starts it. */
export function launch() {
  // Root has no sandbox to give, and there are only our own pages.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
