/** Pages of other sites: what browsers are told, and what reaches the upstream. And the headers of our own pages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { startSecure } from './security-fixture.ts';
import { sendRaw } from './send-raw.ts';

type Cors = NonNullable<NonNullable<TandemOptions['security']>['cors']>;

interface Case {
  readonly name: string;
  readonly cors: string;
  readonly request: {
    readonly method: string;
    readonly target: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly status: number;
  /** Null for a header that must not be there. */
  readonly headers: Readonly<Record<string, string | null>>;
  /** Whether the upstream is called. */
  readonly reaches: boolean;
}

const { settings, cases } = JSON.parse(readFileSync('test/cases/cors.json', 'utf8')) as {
  settings: Readonly<Record<string, Cors>>;
  cases: readonly Case[];
};

for (const [name, cors] of Object.entries(settings)) {
  test(`CORS: ${name}`, async (t) => {
    const { server, upstream } = await startSecure(t, { cors }, { rules: ['test/protos/options-rule.yaml'] });
    for (const row of cases.filter((each) => each.cors === name)) {
      await t.test(row.name, async () => {
        const before = upstream.calls.length;
        const { status, headers } = await sendRaw(server.url, row.request);
        const found = Object.keys(row.headers).map((header) => [header, headers[header] ?? null]);
        assert.deepEqual([status, Object.fromEntries(found)], [row.status, row.headers]);
        assert.equal(upstream.calls.length - before, row.reaches ? 1 : 0);
      });
    }
  });
}

test('without cors nothing is said of it, and OPTIONS is a request like others', async (t) => {
  const { server, upstream } = await startSecure(t, {}, { rules: ['test/protos/options-rule.yaml'] });
  const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'GET' };
  for (const target of ['/ping', '/v1/options']) {
    const answer = await sendRaw(server.url, { method: 'OPTIONS', target, headers });
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => /^access-control|^vary/.test(name)),
      [],
    );
  }
  assert.equal(upstream.calls.length, 1);
});

for (const path of ['/docs', '/docs/files/docs/index.css', '/compare', '/compare/files/shared/page.css']) {
  test(`${path} says how it may be used`, async (t) => {
    const { server } = await startSecure(t, {});
    const { headers, status } = await fetch(server.url + path);
    assert.equal(status, 200);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('x-frame-options'), 'SAMEORIGIN');
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
    assert.equal(headers.get('strict-transport-security'), null);
    if (!path.endsWith('.css'))
      assert.match(headers.get('content-security-policy') ?? '', /^default-src '(self|none)'; /);
    assert.equal((await fetch(`${server.url}/ping`)).headers.get('x-content-type-options'), null);
  });
}

test('the client’s address is what a trusted proxy tells, and nobody else', async (t) => {
  const limits = { calls: [{ per: ['address'] as const, rates: ['1/1h'] }] };
  for (const [trustProxy, statuses] of [
    [['127.0.0.0/8'], [200, 200, 429]],
    [['10.0.0.0/8'], [200, 429, 429]],
    [[], [200, 429, 429]],
  ] as const) {
    const { server } = await startSecure(t, {}, { limits, listen: { port: 0, trustProxy } });
    const answered: number[] = [];
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) {
      answered.push((await fetch(`${server.url}/ping`, { headers: { 'x-forwarded-for': address } })).status);
    }
    assert.deepEqual(answered, statuses);
  }
});
