/** Certificates that are renewed before and behind the gateway, again and again, and once with garbage. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { RunningServer } from '../../src/server/start-server.ts';
import { type Fault, type Stage, seconds, until } from './stage.ts';

export const certificateFaults: readonly Fault[] = [
  { name: 'certificates renewed on both sides, or spoilt', run: renewals },
];

const fixture = (name: string): string => `test/fixtures/tls/${name}`;
const read = (name: string): string => readFileSync(fixture(name), 'utf8');

const fingerprintOf = (name: string): string => new X509Certificate(read(`${name}.crt`)).fingerprint256;

/** A certificate and its key, in files that the gateway watches. */
class Pair {
  readonly cert: string;
  readonly key: string;

  constructor(folder: string, name: string) {
    [this.cert, this.key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  }

  renew(name: string): void {
    copyFileSync(fixture(`${name}.crt`), this.cert);
    copyFileSync(fixture(`${name}.key`), this.key);
  }
}

async function renewals(stage: Stage) {
  const ca = join(stage.folder, 'ca.crt');
  writeFileSync(ca, read('ca.crt') + read('renewed.crt'));
  const [front, behind] = [new Pair(stage.folder, 'front'), new Pair(stage.folder, 'behind')];
  front.renew('server');
  behind.renew('client');
  const shown = (name: string) => ({ cert: read(`${name}.crt`), key: read(`${name}.key`), ca: read('ca.crt') });
  const upstream = await stage.upstream({ tls: { ...shown('server'), requestCert: true } });
  const server = await stage.gateway(
    { target: `https://localhost:${upstream.port}`, tls: { ca, ...behind } },
    { listen: { port: 0, tls: { ...front } } },
  );
  const load = stage.load(server.url, { workers: 4, tls: { ca: readFileSync(ca), servername: 'localhost' } });
  await stage.succeed(20);
  const rounds = stage.scale === 1 ? 3 : 10 * stage.scale;
  let slowestMs = 0;
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    const name = isOdd ? 'server' : 'renewed';
    upstream.renew(shown(name));
    behind.renew(isOdd ? 'client' : 'other');
    front.renew(name);
    const writtenAt = performance.now();
    await until(async () => (await shownBy(server)) === fingerprintOf(name), 'the new certificate is shown');
    slowestMs = Math.max(slowestMs, performance.now() - writtenAt);
    for (const session of upstream.sessions) session.close();
    await stage.succeed(10);
    if (round === 1) await spoil(server, front, behind);
  }
  await load.stop();
  const note = `${rounds} times none fails; shown within ${seconds(slowestMs)}; garbage is refused and counted`;
  return { ...stage.balance(), note };
}

/** Both are refused, and what was there goes on. */
async function spoil({ gateway, url }: RunningServer, ...pairs: readonly Pair[]): Promise<void> {
  const before = await shownBy({ url });
  for (const { cert } of pairs) {
    const { refusals } = gateway.reloadStats();
    const good = readFileSync(cert);
    writeFileSync(cert, 'garbage');
    await until(() => gateway.reloadStats().refusals > refusals, 'garbage is refused');
    assert.equal(await shownBy({ url }), before);
    writeFileSync(cert, good);
  }
}

/** The fingerprint of the certificate that a new connection sees. */
async function shownBy({ url }: Pick<RunningServer, 'url'>): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
