/**
 * Holds the rooms' table of docs/architecture.md against the real imports: a file imports from its own room or from one of a strictly
 * smaller rank, and each outside library has its doors.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { test } from 'node:test';

const rank: Readonly<Record<string, number>> = {
  status: 0, wire: 0, schema: 1, routing: 2, codec: 2, transcode: 3, openapi: 3, client: 4, upstream: 4, security: 4, limits: 4, validation: 4, gateway: 5, compare: 5, server: 6, demo: 6,
  cli: 7, 'index.ts': 7, 'fastify.ts': 7, 'cli.ts': 8,
}; // biome-ignore format: a table

/** Libraries and the guarded parts of Node: the rooms that may import them. A library that is not named here may not be imported. */
const doors: Readonly<Record<string, readonly string[]>> = {
  '@bufbuild/cel': ['validation'],
  '@bufbuild/protobuf': ['schema', 'validation'],
  '@bufbuild/protovalidate': ['validation'],
  '@fastify/busboy': ['server'],
  '@fastify/helmet': ['server'],
  '@fastify/swagger': ['server'],
  '@fastify/swagger-ui': ['server'],
  '@grpc/grpc-js': ['upstream', 'demo'],
  '@opentelemetry/api': ['gateway'],
  fastify: ['server'],
  'fastify-plugin': ['server'],
  'google-proto-files': ['schema'],
  'node:net': ['upstream', 'security', 'validation', 'compare'],
  'node:tls': ['upstream', 'server'],
  // The package itself, to find its own files.
  tandem: ['client', 'demo', 'schema', 'server'],
  ioredis: ['limits'],
  jose: ['security'],
  pino: ['cli'],
  'prom-client': ['server'],
  'pino-pretty': ['cli'],
  ws: ['server'],
  yaml: ['schema', 'cli', 'server'],
};

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const roomOf = (path: string): string => path.split(sep)[0] ?? '';

for (const file of files) {
  test(`imports of ${file}`, () => {
    const room = roomOf(file);
    const own = rank[room];
    assert.ok(own !== undefined, `src/${room} is not in the table of rooms`);
    const text = readFileSync(join('src', file), 'utf8');
    for (const target of importsOf(text)) {
      if (target.startsWith('.')) {
        const other = roomOf(normalize(join(dirname(file), target)));
        assert.ok(other === room || (rank[other] ?? 99) < own, `src/${file} imports ${other}, which is not below it`);
      } else {
        const library = target.startsWith('node:')
          ? target
          : target
              .split('/')
              .slice(0, target.startsWith('@') ? 2 : 1)
              .join('/');
        const isOpen = doors[library]?.includes(room) ?? target.startsWith('node:');
        assert.ok(isOpen, `src/${file} imports ${library}, whose door is src/${doors[library]}`);
      }
    }
  });
}

/** What a file imports, statically, by `import()` or by `require`. */
function importsOf(text: string): readonly string[] {
  const forms =
    /^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'|\b(?:import|require|resolve)\('([^'\s]+)'\)/gm;
  return [...text.matchAll(forms)].map(([, from, bare, called]) => from ?? bare ?? called ?? '');
}
