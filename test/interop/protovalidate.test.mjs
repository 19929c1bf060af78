// The conformance suite of protovalidate (https://github.com/bufbuild/protovalidate): its table of messages and of what has to be said of
// each, over validation as methods have it, with descriptors from its descriptor sets and from its proto text. Outside `npm test` since it
// needs go:
//
//     npm run build && npm run interop
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { loadSchema } from '../../dist/schema/load-schema.js';
import { StatusError } from '../../dist/status/status-error.js';
import { compileTypes } from '../../dist/validation/compiled-types.js';
import { createValidation } from '../../dist/validation/create-validation.js';
import { missing } from './tools.mjs';

const here = join(import.meta.dirname, 'protovalidate');
const runner = resolve('.cache', 'interop', 'bin', 'protovalidate-conformance');
const go = ['-C', here];
const reason = missing({ built: runner, build: ['go', [...go, 'build', '-o', runner, 'tool'], {}] });

/** The suites, as the runner tells what it wants of an implementation; `folder` has the proto text of it all. */
async function table() {
  const list = [...go, 'list', '-m', '-f', '{{.Dir}}', 'github.com/bufbuild/protovalidate'];
  execFileSync('go', [...go, 'mod', 'download', 'github.com/bufbuild/protovalidate']);
  const protos = join(execFileSync('go', list, { encoding: 'utf8' }).trim(), 'proto');
  const imports = ['protovalidate-testing', 'protovalidate'].map((name) => join(protos, name));
  const folder = join(protos, 'protovalidate-testing/buf/validate/conformance');
  const { schema } = await loadSchema({ protos: [join(folder, 'harness')], imports });
  const type = schema.messages.get('buf.validate.conformance.harness.ResultSet');
  // Its status counts the cases that no implementation has passed: here all of them.
  const { stdout } = spawnSync(runner, ['--dump', '--proto', '--verbose'], { maxBuffer: 2 ** 26 });
  const { suites } = fromBinary(compileTypes([type], schema).getMessage(type.fullName), stdout);
  return { suites, cases: join(folder, 'cases'), imports };
}

/** What validation says of messages of a type by its name; each is compiled once. */
function judge(schema) {
  const kinds = { protovalidate: true, fieldBehavior: false, fieldInfo: false };
  const compiled = new Map();
  return async (name, wire) => {
    const method = { path: name, input: schema.messages.get(name) };
    if (!compiled.has(name)) compiled.set(name, await createValidation([method], schema, kinds));
    const { problems, validators } = compiled.get(name);
    if (problems.length > 0) return { kind: 'compilationError' };
    try {
      validators.get(name)?.(wire);
      return { kind: 'valid' };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.codeName !== 'INVALID_ARGUMENT') return { kind: 'runtimeError' };
      const said = error.violations.map(({ field, description }) => [field, description]);
      return { kind: 'violations', violations: said.toSorted() };
    }
  };
}

/** The same of what the runner wants; some rules leave the message to the implementation. */
function wanted({ result: { case: kind, value } }) {
  if (kind === 'success') return { kind: value ? 'valid' : 'violations' };
  if (kind !== 'validationError') return { kind };
  return {
    kind: 'violations',
    violations: value.violations.map(({ field, message }) => [pathOf(field), message]).toSorted(),
  };
}

function pathOf(field) {
  return (field?.elements ?? [])
    .map(({ fieldName, subscript: { case: kind, value } }) => {
      if (kind === undefined) return fieldName;
      return `${fieldName}[${kind === 'stringKey' ? JSON.stringify(value) : value}]`;
    })
    .join('.');
}

function isAsWanted(said, { kind, violations }) {
  if (said.kind !== kind || violations === undefined) return said.kind === kind;
  const isSame = ([field, text], index) =>
    violations[index][0] === field && (violations[index][1] === '' || violations[index][1] === text);
  return said.violations.length === violations.length && said.violations.every(isSame);
}

// Where everything is installed on purpose, nothing may be left out in silence.
test('conformance suite of protovalidate', { skip: process.env.CI ? false : reason, timeout: 300_000 }, async (t) => {
  const { suites, cases, imports } = await table();
  const text = judge((await loadSchema({ protos: [cases], imports })).schema);
  for (const source of ['descriptor sets', 'proto text']) {
    await t.test(source, async () => {
      const failing = [];
      let count = 0;
      for (const { name, cases, fdset } of suites) {
        const set = { descriptorSetBytes: [toBinary(FileDescriptorSetSchema, fdset)] };
        const said = source === 'proto text' ? text : judge((await loadSchema(set)).schema);
        for (const { name: each, input, wanted: want } of cases) {
          const got = await said(input.typeUrl.split('/').at(-1), input.value);
          count++;
          if (!isAsWanted(got, wanted(want))) failing.push(`${name}: ${each}`);
        }
      }
      assert.deepEqual(failing, []);
      assert.ok(count > 2500, `only ${count} cases`);
      console.log(`protovalidate by ${source}: ${count} cases`);
    });
  }
});
