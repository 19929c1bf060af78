import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTransport, type Environment } from '../../../src/upstream/choose-transport.ts';
import { parseTargets } from '../../../src/upstream/target.ts';

const proxy = 'http://proxy:3128';
const api = '10.1.2.3:1';

const cases: readonly (readonly [target: string, environment: Environment, reason: string | undefined])[] = [
  [api, {}, undefined],
  [api, { grpc_proxy: proxy, https_proxy: proxy, http_proxy: proxy }, 'the proxy that grpc_proxy names'],
  [api, { https_proxy: proxy, http_proxy: proxy }, 'the proxy that https_proxy names'],
  [api, { http_proxy: proxy }, 'the proxy that http_proxy names'],
  [api, { HTTP_PROXY: proxy, all_proxy: proxy, http_proxy: '' }, undefined],
  [api, { http_proxy: 'https://proxy' }, undefined],
  [api, { http_proxy: 'proxy' }, undefined],
  [api, { grpc_proxy: 'socks5://proxy', http_proxy: proxy }, undefined],
  ['api.example:1', { http_proxy: proxy, no_proxy: 'other.example,.example' }, undefined],
  ['api.example:1', { http_proxy: proxy, no_proxy: 'api.examples' }, 'the proxy that http_proxy names'],
  ['api.example:1', { http_proxy: proxy, no_proxy: 'api', no_grpc_proxy: 'example' }, undefined],
  [
    'api.example:1',
    { http_proxy: proxy, no_proxy: 'example', no_grpc_proxy: 'api' },
    'the proxy that http_proxy names',
  ],
  [api, { http_proxy: proxy, no_proxy: '10.0.0.0/8' }, undefined],
  [api, { http_proxy: proxy, no_proxy: '10.0.0.0/16' }, 'the proxy that http_proxy names'],
  [api, { http_proxy: proxy, no_proxy: '0.0.0.0/0' }, undefined],
  [api, { http_proxy: proxy, no_proxy: '10.1.2.3/33' }, 'the proxy that http_proxy names'],
  ['255.1.1.1:1', { http_proxy: proxy, no_proxy: '128.0.0.0/1' }, undefined],
  ['127.0.0.1:1', { http_proxy: proxy }, undefined],
  ['localhost:1', { http_proxy: proxy }, undefined],
  ['[::1]:1', { http_proxy: proxy }, undefined],
  ['unix:/run/api.sock', { http_proxy: proxy }, undefined],
  ['127.0.0.1:1,api:1', { http_proxy: proxy }, 'the proxy that http_proxy names'],
  ['dns:///api:1', { http_proxy: proxy }, 'the proxy that http_proxy names'],
  ['xds:///api', {}, 'an xDS target'],
];

for (const [target, environment, reason] of cases) {
  test(`${target} with ${JSON.stringify(environment)}`, () => {
    const expected = reason === undefined ? { transport: 'http2' } : { transport: 'grpc-js', reason };
    assert.deepEqual(chooseTransport('auto', parseTargets(target), environment), expected);
  });
}

test('what is asked for is what is taken', () => {
  for (const transport of ['http2', 'grpc-js'] as const) {
    assert.deepEqual(chooseTransport(transport, parseTargets(api), { http_proxy: proxy }), { transport });
  }
});
