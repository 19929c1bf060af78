/** What the log says of the store in which limits are counted. */
import type { FastifyBaseLogger } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { Generation } from '../gateway/generation.ts';

/** A line when it is lost and one when it is back, through every reload. */
export function logStore(gateway: Gateway, log: FastifyBaseLogger): void {
  const listen = ({ counters }: Generation): void => {
    counters?.rates.onChange?.(({ isUp, message }) => (isUp ? log.info(message) : log.warn(message)));
  };
  listen(gateway.generation);
  gateway.onReload(listen);
}
