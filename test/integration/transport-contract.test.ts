import { balancedChannel } from '../../src/upstream/balancing/balanced-channel.ts';
import { governedChannel } from '../../src/upstream/balancing/governed-channel.ts';
import { RetryBudget } from '../../src/upstream/balancing/retry-policy.ts';
import { transportOver } from '../../src/upstream/channel.ts';
import { createGrpcJsChannel, createGrpcJsTransport } from '../../src/upstream/grpc-js-transport.ts';
import { createHttp2Channel, createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import type { Target } from '../../src/upstream/target.ts';
import type { Transport, TransportOptions } from '../../src/upstream/transport.ts';
import { transportContract } from './transport-contract.ts';

const retry = {
  maxAttempts: 3,
  initialBackoffMs: 5,
  maxBackoffMs: 20,
  backoffMultiplier: 2,
  retryableStatusCodes: new Set([14] as const),
};

/** With all that stands before a transport when everything is configured: of a call that goes well it must not be felt. */
function layered(createChannel: typeof createHttp2Channel): (target: Target, options?: TransportOptions) => Transport {
  return (target, options = {}) => {
    const config = { ...options, target: { text: target.text, all: [target] }, health: { serviceName: '' } };
    const balanced = balancedChannel(config, (one) => createChannel(one, { ...options, isOneOfSeveral: true }));
    const methodConfig = [{ name: [{}], timeoutMs: 60_000, retry }];
    return transportOver(
      governedChannel(balanced, { methodConfig }, new RetryBudget({ maxTokens: 10, tokenRatio: 1 })),
    );
  };
}

transportContract('grpc-js', createGrpcJsTransport);
transportContract('http2', createHttp2Transport);
transportContract('grpc-js, balanced', layered(createGrpcJsChannel));
transportContract('http2, balanced', layered(createHttp2Channel));
