import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/cli/config-file.ts';
import { joinLayers } from '../../src/cli/config-layers.ts';
import { environmentLayer } from '../../src/cli/environment.ts';
import { resolveOptions } from '../../src/gateway/options.ts';
import { SchemaError } from '../../src/schema/problem.ts';

type Environment = Readonly<Record<string, string>>;

/** Reads file and environment as the command does. Anything thrown but a SchemaError with a message fails. */
function attempt(text: string, environment: Environment): void {
  try {
    const { input, context } = joinLayers([
      environmentLayer(environment),
      parseConfig(text, { file: 'tandem.yaml', environment }),
    ]);
    assert.ok(Object.isFrozen(resolveOptions(input, context)));
  } catch (error) {
    assert.ok(error instanceof SchemaError, error instanceof Error ? error.stack : String(error));
    assert.notEqual(error.message, '');
  }
  assert.deepEqual(Object.keys(Object.prototype), []);
}

const punctuation = fc.constantFrom(
  '{', '}', '[', ']', ':', ': ', ',', '\n', '\n  ', '- ', '&a ', '*a', '<<: ', '!!set ', '? ', '|', '>', '"', "'", '#', '%', '---\n', '\t', '!',
); // biome-ignore format: a list
const words = fc.constantFrom(
  'listen', 'port', 'limits', 'upstreams', 'target', 'transcoding', 'json', '__proto__', 'constructor', 'true', 'null', '~', '1', '0x1F', '1e400', '.inf',
  '10s', '4MiB', 'a:1', `\${A}`, `\${B:-1}`, `\${`, `$\${A}`, '2001-01-01',
); // biome-ignore format: a list
const yamlText = fc
  .array(fc.oneof(punctuation, words, fc.string({ maxLength: 3 })), { maxLength: 30 })
  .map((parts) => parts.join(''));

test('any text is a configuration or is refused in words', () => {
  fc.assert(
    fc.property(yamlText, fc.string(), (text, value) => attempt(text, { A: value })),
    { numRuns: 3000 },
  );
});

test('any value, written as YAML, is a configuration or is refused in words', () => {
  const key = fc.oneof(words, fc.string());
  const value = fc.object({
    key,
    maxDepth: 3,
    values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null), words],
  });
  fc.assert(
    fc.property(value, (content) => attempt(stringify(content), {})),
    { numRuns: 1000 },
  );
});

test('any environment is a configuration or is refused in words', () => {
  const part = fc.constantFrom(
    'LISTEN',
    'PORT',
    'LIMITS',
    'BODY_BYTES',
    'UPSTREAMS',
    'UPSTREAM',
    'REFLECT',
    '__PROTO__',
    'JSON',
    '',
  );
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `TANDEM_${parts.join('__')}`);
  const environment = fc.dictionary(name, fc.oneof(words, fc.string()));
  fc.assert(
    fc.property(environment, (variables) => attempt('', variables)),
    { numRuns: 1000 },
  );
});
