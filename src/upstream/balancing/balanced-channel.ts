/**
 * The balanced channel of an upstream, from its configuration.
 */
import { lookup } from 'node:dns/promises';
import type { Channel } from '../channel.ts';
import type { UpstreamConfig } from '../create-upstream.ts';
import { PendingLimit } from '../pending-limit.ts';
import type { Target } from '../target.ts';
import { createBalancer } from './balancer.ts';
import { systemClock } from './clock.ts';
import { OutlierDetector } from './outlier-detector.ts';
import { createPick } from './picker.ts';
import { type LookUp, Resolution } from './resolution.ts';

/** A channel over all addresses of the upstream; `createChannel` makes that to one of them. Throws as it does. */
export function balancedChannel(
  { target, balancing = {}, pending = new PendingLimit(), health, outlierDetection }: UpstreamConfig,
  createChannel: (target: Target) => Channel,
): Channel {
  const { policy = 'pick_first', choiceCount = 2, dnsRefreshMs = 30_000 } = balancing;
  const { lookUp = systemLookUp, clock = systemClock } = balancing;
  // TLS files that are none are told now, not when the addresses are known.
  for (const one of target.all) createChannel(one).close();
  return createBalancer({
    target: target.text,
    resolution: new Resolution(target.all, { lookUp, clock, refreshMs: dnsRefreshMs }),
    createChannel,
    pick: createPick(policy, choiceCount),
    isOneAtATime: policy === 'pick_first',
    pending,
    health: health && { ...health, clock },
    outliers: outlierDetection && new OutlierDetector(outlierDetection),
    clock,
  });
}

const systemLookUp: LookUp = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};
