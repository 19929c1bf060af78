// The Dockerfile, the Compose file, the Kubernetes manifests and the systemd unit by the linters of each. Outside `npm test` since it needs those:
//
//     npm run lint:deploy
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const own = resolve('.cache', 'venv', 'bin', 'kubernetes-validate');
const kubernetesValidate = existsSync(own) ? own : 'kubernetes-validate';
// kustomization.yaml is no resource of a cluster.
const manifests = readdirSync('deploy/k8s').filter((file) => file !== 'kustomization.yaml');
const checks = {
  'the Dockerfile': ['npx', '--yes', 'dockerfile-utils@0.16.3', 'lint', 'Dockerfile'],
  'the Compose file': ['go', '-C', 'test/interop/compose', 'run', '.', resolve('deploy/compose/compose.yaml')],
  'the Kubernetes manifests': [kubernetesValidate, '--strict', ...manifests.map((file) => join('deploy/k8s', file))],
  'the systemd unit': ['systemd-analyze', 'verify', 'deploy/systemd/tandem.service'],
};

for (const [name, [command, ...args]] of Object.entries(checks)) {
  const isThere = spawnSync(command, ['--help']).error === undefined;
  test(name, { skip: !process.env.CI && !isThere && `there is no ${command}` }, () => {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
}
