/** What no single key under `limits:` shows to be wrong. */
import { limitName } from '../limits/call-limits.ts';
import type { Options } from './options.ts';
import type { KeyPath } from './options-walk.ts';

export function checkLimits(
  { limits, observability }: Options,
  report: (path: KeyPath, message: string) => void,
): void {
  const problem = (path: KeyPath, message: string): void => report(['limits', ...path], message);
  if (limits.timeoutDefault > limits.timeoutMax) {
    problem(['timeoutDefault'], 'is longer than limits.timeoutMax; lower it or raise that');
  }
  if (limits.store !== undefined && limits.calls.length === 0 && !observability.analytics) {
    problem(['store'], 'has nothing to count; add limits under limits.calls, or observability.analytics');
  }
  const names = limits.calls.map(({ name }, index) => name ?? limitName(index));
  for (const [index, { name, methods, rates, concurrent }] of limits.calls.entries()) {
    const path = ['calls', index] as const;
    if (rates.length === 0 && concurrent === undefined) problem(path, 'limits nothing; add rates or concurrent');
    if (methods.length === 0) problem([...path, 'methods'], 'names nothing; write * for all methods');
    if (name !== undefined && !/^[\w.-]+$/.test(name)) {
      problem([...path, 'name'], 'holds other characters than letters, digits, dots, dashes and underscores');
    }
    if (names.indexOf(names[index] ?? '') < index)
      problem([...path, 'name'], `is ${names[index]} as well; choose another`);
    const windows = rates.map(({ windowMs }) => windowMs);
    for (const [at, windowMs] of windows.entries()) {
      if (windows.indexOf(windowMs) < at) problem([...path, 'rates', at], 'is of the same time as another; drop one');
    }
  }
}
