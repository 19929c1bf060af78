/** Rules from annotations and service configurations: which hold, and the exact words for those that cannot. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { collectHttpRules } from '../../../src/schema/collect-http-rules.ts';
import type { HttpRule } from '../../../src/schema/http-rule.ts';
import { loadSchema } from '../../../src/schema/load-schema.ts';
import { formatProblem } from '../../../src/schema/problem.ts';
import { readServiceConfigs } from '../../../src/schema/service-config.ts';

interface Row {
  readonly name: string;
  /** Of the method Get. */
  readonly annotation?: string;
  /** Texts of service configurations, c0.yaml and on. */
  readonly configs?: readonly string[];
  readonly rules?: Readonly<Record<string, readonly string[]>>;
  readonly problems?: readonly string[];
}

const rows: readonly Row[] = JSON.parse(readFileSync('test/cases/http-rules.json', 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'tandem-'));
after(() => rmSync(scratch, { recursive: true }));

const protoOf = ({ annotation = '{ get: "/a/{id}" }' }: Row): string => `syntax = "proto3";
package p;
import "google/api/annotations.proto";
message M { string id = 1; }

service S {
  rpc Get(M) returns (M) { option (google.api.http) = ${annotation}; }
  rpc Post(M) returns (M) {
    option (google.api.http) = { post: "/a" body: "*" response_body: "id" additional_bindings { custom { kind: "*" path: "/b" } } };
  }
  rpc Bare(M) returns (M);
}
`;

function lineOf({ httpMethod, path, body, responseBody }: HttpRule): string {
  return [`${httpMethod} ${path}`, body && `body=${body}`, responseBody && `response=${responseBody}`]
    .filter(Boolean)
    .join(' ');
}

for (const row of rows) {
  test(row.name, async () => {
    const proto = join(scratch, 'a.proto');
    writeFileSync(proto, protoOf(row));
    const paths = (row.configs ?? []).map((text, index) => {
      const path = join(scratch, `c${index}.yaml`);
      writeFileSync(path, text);
      return path;
    });
    const configs = readServiceConfigs(paths);
    const loaded = await loadSchema({ protos: [proto], mixins: configs.mixins });
    const { rules, problems } = collectHttpRules(loaded, configs);
    assert.deepEqual(
      problems.map((problem) => formatProblem(problem).replaceAll(`${scratch}/`, '')),
      row.problems ?? [],
    );
    if (row.rules === undefined) return;
    assert.deepEqual(
      Object.fromEntries(rules.map(({ method, rules: own }) => [method.name, own.map(lineOf)])),
      row.rules,
    );
  });
}
