/**
 * @module The query part of a request target, split and decoded. Knows nothing of fields.
 */
import { StatusError } from '../status/status-error.ts';

export type QueryPair = readonly [name: string, value: string];

/**
 * The pairs of a query string, in order: `a=1&b` → `[['a', '1'], ['b', '']]`. `+` is a space, empty pairs are skipped, and so is a
 * pair without a name. Throws INVALID_ARGUMENT on a malformed escape, on bytes that are not UTF-8, and on more than `maxPairs`.
 */
export function parseQuery(query: string, maxPairs: number, place: 'query' | 'form' = 'query'): readonly QueryPair[] {
  const pairs: QueryPair[] = [];
  for (const part of query.split('&')) {
    const equals = part.indexOf('=');
    if (part === '' || equals === 0) continue;
    if (pairs.length === maxPairs) throw StatusError.invalidField('', `more than ${maxPairs} ${place} parameters`);
    pairs.push(
      equals < 0
        ? [decode(part, place), '']
        : [decode(part.slice(0, equals), place), decode(part.slice(equals + 1), place)],
    );
  }
  return pairs;
}

function decode(text: string, place: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw StatusError.invalidField('', `malformed percent-encoding in the ${place} at "${text}"`, cause);
  }
}
