/** What watches all calls; loaded only where it is on. */
import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import type { Analytics } from './analytics/analytics.ts';
import type { Metrics } from './metrics/metrics.ts';

export interface Observing {
  readonly metrics: Metrics | undefined;
  readonly analytics: Analytics | undefined;
}

/** Counts calls from now on. */
export async function startObserving(gateway: Gateway, lostLines?: () => number): Promise<Observing> {
  const { observability } = gateway.options;
  return {
    metrics: observability.metrics
      ? (await import('./metrics/metrics.ts')).startMetrics(gateway, lostLines)
      : undefined,
    analytics: observability.analytics
      ? await (await import('./analytics/analytics.ts')).startAnalytics(gateway)
      : undefined,
  };
}

/** Has it watch an app as well. */
export async function observe(app: FastifyInstance, gateway: Gateway, observing: Observing): Promise<void> {
  const { metrics, analytics } = observing;
  metrics?.watch(app);
  if (analytics !== undefined) {
    app.addHook('onListen', async () => analytics.start());
    app.addHook('onClose', async () => analytics.close());
  }
  if (gateway.options.observability.accessLog) (await import('./access-log.ts')).logAccess(gateway, app.log);
}
