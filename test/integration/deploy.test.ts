/** What deploy/ and the Dockerfile say of the gateway, held against the gateway and against each other. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type Options, resolveOptions } from '../../src/gateway/options.ts';

const read = (file: string): string => readFileSync(file, 'utf8');
// biome-ignore lint/suspicious/noExplicitAny: manifests of many kinds, whose own schemas are held by npm run lint:deploy
type Manifest = any;
const manifest = (name: string): Manifest => parse(read(join('deploy/k8s', `${name}.yaml`)));

const deployment = manifest('deployment');
const pod = deployment.spec.template;
const [container] = pod.spec.containers;
const labels = pod.metadata.labels;
const options: Options = resolveOptions(parse(manifest('configmap').data['tandem.yaml']));

test('every manifest is named in kustomization.yaml', () => {
  const files = readdirSync('deploy/k8s').filter((file) => file !== 'kustomization.yaml');
  assert.deepEqual([...manifest('kustomization').resources].sort(), files.sort());
});

test('the pods read the configuration, listen where they are asked and say when they are ready', () => {
  const [mount] = container.volumeMounts;
  assert.deepEqual(container.args, ['serve', '--config', `${mount.mountPath}/tandem.yaml`]);
  assert.equal(
    pod.spec.volumes.find(({ name }: Manifest) => name === mount.name).configMap.name,
    manifest('configmap').metadata.name,
  );
  assert.equal(options.listen.host, '0.0.0.0');
  assert.deepEqual(container.ports, [
    { name: manifest('service').spec.ports[0].targetPort, containerPort: options.listen.port },
  ]);
  const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name].httpGet.path);
  assert.deepEqual(paths, [options.docs.paths.healthz, options.docs.paths.healthz, options.docs.paths.readyz]);
});

test('a pod has the time that leaving takes', () => {
  const { lameDuck = 0, drain } = options.limits;
  const { terminationGracePeriodSeconds: grace } = pod.spec;
  assert.ok(grace * 1000 >= container.lifecycle.preStop.sleep.seconds * 1000 + lameDuck + drain + 5_000);
  // Balancers have looked at least twice before the port is closed.
  assert.ok(lameDuck >= 2 * container.readinessProbe.periodSeconds * 1000);
  const unit = read('deploy/systemd/tandem.service');
  assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) * 1000 >= lameDuck + drain + 5_000);
});

test('all speak of the same pods', () => {
  const selectors = [
    deployment.spec.selector.matchLabels,
    manifest('service').spec.selector,
    manifest('disruption').spec.selector.matchLabels,
    manifest('network').spec.podSelector.matchLabels,
    pod.spec.topologySpreadConstraints[0].labelSelector.matchLabels,
  ];
  for (const selector of selectors) assert.deepEqual(selector, labels);
  assert.equal(manifest('autoscaling').spec.scaleTargetRef.name, deployment.metadata.name);
});

test('the heap is three quarters of the memory', () => {
  const heap = /--max-old-space-size=(\d+)/.exec(container.env[0].value)?.[1];
  assert.equal(Number(heap), Number.parseInt(container.resources.limits.memory, 10) * 0.75);
});

test('the upstream is a headless Service whose pods are called in turn, and may be', () => {
  const upstream = manifest('upstream');
  const [configured] = options.upstreams;
  const [{ port }] = upstream.spec.ports;
  assert.equal(upstream.spec.clusterIP, 'None');
  assert.equal(configured?.target.text, `dns:///${upstream.metadata.name}:${port}`);
  assert.equal(configured?.balancing.policy, 'round_robin');
  const { ingress, egress } = manifest('network').spec;
  assert.equal(ingress[0].ports[0].port, options.listen.port);
  const allowed = egress.find(({ ports }: Manifest) => ports[0].port === port);
  assert.deepEqual(allowed.to[0].podSelector.matchLabels, upstream.spec.selector);
});

test('the image holds what the package does', () => {
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  const kept = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name = '']) => name);
  assert.deepEqual(copied.sort(), kept.sort());
  for (const name of copied) assert.ok(existsSync(name), name);
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  const forReaders = ['dist', 'README.md', 'CHANGELOG.md'];
  assert.deepEqual(
    files.filter((name) => !forReaders.includes(name) && !copied.includes(name)),
    [],
  );
});

test('the Compose file mounts what is there, and its configuration is right', () => {
  const { services } = parse(read('deploy/compose/compose.yaml'));
  const mounts: string[] = Object.values<Manifest>(services).flatMap(({ volumes }) => volumes ?? []);
  const sources = mounts.map((mount) => mount.split(':')[0] ?? '').filter((source) => source.startsWith('.'));
  for (const source of sources) assert.ok(existsSync(join('deploy/compose', source)), source);
  const { listen, docs, limits } = resolveOptions(parse(read('deploy/compose/tandem.yaml')));
  assert.equal(listen.host, '0.0.0.0');
  // What the check runs is a script that asks the gateway.
  const script = services.gateway.healthcheck.test.at(-1);
  assert.ok(script.startsWith(`fetch('http://127.0.0.1:${listen.port}${docs.paths.healthz}')`), script);
  assert.ok(Number.parseInt(services.gateway.stop_grace_period, 10) * 1000 > limits.drain + (limits.lameDuck ?? 0));
});
