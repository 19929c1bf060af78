/** What the log says of generations that come after the first, and of those that did not come. */
import type { FastifyBaseLogger } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { changesBetween } from '../gateway/generation-changes.ts';

/** So many names of one kind are written; the rest is a number. */
const MAX_NAMES = 50;

export function logReloads(gateway: Gateway, log: FastifyBaseLogger): void {
  gateway.onRefusal((error) => log.error({ err: error }, 'a change is refused: the old stays'));
  gateway.onReload((generation, before) => {
    const { lost, added, fields } = changesBetween(before, generation);
    if (lost.length + added.length + fields.length === 0) return;
    const line = { lost: shortened(lost), added: shortened(added), fields: shortened(fields) };
    // What was there and is not, or is something else, may break a client.
    if (lost.length + fields.length > 0) log.warn(line, 'routes or fields that clients may use have changed');
    else log.info(line, 'routes have been added');
  });
}

function shortened(names: readonly string[]): readonly string[] {
  if (names.length <= MAX_NAMES) return names;
  return [...names.slice(0, MAX_NAMES), `and ${names.length - MAX_NAMES} more`];
}
