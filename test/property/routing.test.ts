import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Binding } from '../../src/routing/binding.ts';
import { decodeSegment, decodeSegments } from '../../src/routing/decode.ts';
import { overlapsOf } from '../../src/routing/overlaps.ts';
import {
  type PathTemplate,
  parsePathTemplate,
  printPathTemplate,
  type Segment,
  TemplateError,
} from '../../src/routing/path-template.ts';
import { createRouteTable } from '../../src/routing/route-table.ts';
import { StatusError } from '../../src/status/status-error.ts';
import { bindingsOf, ruleOf } from '../unit/routing/fixture.ts';

const wellFormed = fc.string({ unit: 'binary', minLength: 1 });
const segment: fc.Arbitrary<Segment> = fc.oneof(
  wellFormed.map((text) => ({ kind: 'literal' as const, text })),
  fc.constant<Segment>({ kind: 'single' }),
);

/** Any template: segments, a `**` perhaps, a verb perhaps, and variables over some runs of segments. */
const template: fc.Arbitrary<PathTemplate> = fc
  .tuple(
    fc.array(segment, { maxLength: 6 }),
    fc.option(fc.nat(6)),
    fc.option(wellFormed),
    fc.array(fc.nat(3), { maxLength: 6 }),
  )
  .map(([some, deep, verb, gaps]) => {
    const segments: Segment[] = deep === null ? some : some.toSpliced(deep, 0, { kind: 'multi' });
    const variables: PathTemplate['variables'][number][] = [];
    let at = 0;
    for (const [index, gap] of gaps.entries()) {
      const [start, end] = [at + (gap >> 1), at + (gap >> 1) + 1 + (gap & 1)];
      if (end > segments.length) break;
      const isMultiSegment = end - start > 1 || segments[start]?.kind === 'multi';
      variables.push({ fieldPath: `v${index}.x`, start, end, isMultiSegment });
      at = end;
    }
    return { segments, variables, verb: segments.length === 0 ? undefined : (verb ?? undefined) };
  });

test('parse(print(template)) = template', () => {
  fc.assert(
    fc.property(template, (one) =>
      assert.deepEqual(parsePathTemplate(printPathTemplate(one), { allowsTail: true }), one),
    ),
  );
});

const templateText = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'/{}=*:.%2Fav') }));

test('parsing any text ends in a template or a TemplateError with a column inside it', () => {
  fc.assert(
    fc.property(templateText, (text) => {
      try {
        const parsed = parsePathTemplate(text, { allowsTail: true });
        assert.deepEqual(parsePathTemplate(printPathTemplate(parsed), { allowsTail: true }), parsed);
      } catch (error) {
        assert.ok(error instanceof TemplateError);
        assert.ok(error.column >= 1 && error.column <= text.length + 1);
      }
    }),
  );
});

const rawText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'%%%2FfCcEe34aA8:/') }));

test('decoding any text throws nothing but StatusError', () => {
  fc.assert(
    fc.property(rawText, fc.constantFrom('spec', 'keepReserved', 'all'), (raw, expansion) => {
      for (const decode of [() => decodeSegment(raw, 'f'), () => decodeSegments(raw, 'f', expansion)]) {
        try {
          decode();
        } catch (error) {
          assert.ok(error instanceof StatusError);
          assert.equal(error.httpStatus, 400);
        }
      }
    }),
  );
});

test('what encodeURIComponent wrote is decoded to what it read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      assert.equal(decodeSegment(encodeURIComponent(text), 'f'), text),
    ),
  );
});

const words = ['a', 'b', 'ab'];
const ruleText = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'HEAD', '*'),
    fc.array(fc.constantFrom(...words, '*', '{v}'), { maxLength: 4 }),
    fc.constantFrom(
      '',
      '',
      '/**',
      '/{d=**}',
      '/{d=a/*}',
      '/{d=b/**}',
      '/**/a',
      '/{d=**}/b',
      '/{d=a/**}/{e}',
      '/{d=**/*}/a',
    ),
    fc.constantFrom('', '', ':go', ':b'),
  )
  .map(([method, segments, end, verb]) => {
    const path = segments.map((text, index) => `/${text === '{v}' ? `{v${index}}` : text}`).join('') + end;
    return path === '' ? `${method} /` : `${method} ${path}${verb}`;
  });
const rawPath = fc
  .array(
    fc.constantFrom(...words, ...words, '', 'x', 'a:go', 'b:b', ':go', 'c:d', '%61', 'a%2Fb', 'x%20y', '%zz', 'a%3Ago'),
    {
      maxLength: 6,
    },
  )
  .map((segments) => `/${segments.join('/')}`);
const method = fc.constantFrom('GET', 'POST', 'HEAD', 'PUT');

test('the table agrees with trying every rule', () => {
  fc.assert(
    fc.property(fc.array(ruleText, { maxLength: 12 }), method, rawPath, (rules, httpMethod, path) => {
      const { table } = createRouteTable(bindingsOf(rules), { duplicates: 'firstWins' });
      assert.deepEqual(
        attempt(() => table.match(httpMethod, path)),
        attempt(() => naiveMatch(table.bindings, httpMethod, path)),
      );
    }),
    { numRuns: 2000 },
  );
});

test('no path fits two rules of one method that are no overlap', () => {
  fc.assert(
    fc.property(fc.array(ruleText, { maxLength: 8 }), rawPath, (rules, path) => {
      const { bindings } = createRouteTable(bindingsOf(rules), { duplicates: 'firstWins' }).table;
      const pairs = overlapsOf(bindings).flatMap(({ preferred, other }) => [
        `${preferred.id} ${other.id}`,
        `${other.id} ${preferred.id}`,
      ]);
      const fitting = readings(path).flatMap(([segments, verb]) =>
        bindings.filter((binding) => fits(binding, segments, verb)),
      );
      for (const a of fitting) {
        for (const b of fitting) {
          if (a !== b && a.httpMethod === b.httpMethod)
            assert.ok(pairs.includes(`${a.id} ${b.id}`), `${ruleOf(a)} and ${ruleOf(b)}`);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('rules that branch at every segment, and paths of any length, are searched without blowing up', () => {
  const depth = 11;
  const rules = Array.from({ length: 2 ** depth }, (_, bits) => {
    const segments = Array.from({ length: depth }, (_, index) => ((bits >> index) & 1 ? 'a' : '*'));
    return `GET /${segments.join('/')}/end`;
  });
  const { table } = createRouteTable(bindingsOf([...rules, 'GET /deep/**']));
  assert.deepEqual(table.match('GET', '/a'.repeat(depth + 1)), { kind: 'unmatched' });
  assert.deepEqual(table.match('GET', '/a'.repeat(100_000)), { kind: 'unmatched' });
  assert.deepEqual(table.match('GET', `/${'%zz/'.repeat(20_000)}:go`), { kind: 'unmatched' });
  assert.equal(table.match('GET', `/deep${'/'.repeat(100_000)}`).kind, 'matched');
  assert.equal(table.match('GET', `${'/a'.repeat(depth)}/end`).kind, 'matched');
});

/** The segments and the verb of a path, both ways to read a colon in the last segment. */
function readings(path: string): [segments: string[], verb: string | undefined][] {
  const split = (text: string): string[] => (text === '/' ? [] : text.slice(1).split('/'));
  const [, stripped, verb] = /^(.*):([^:/]+)$/s.exec(path) ?? [];
  const plain: [string[], undefined] = [split(path), undefined];
  return stripped === undefined ? [plain] : [[split(stripped), verb], plain];
}

/** For each segment of a template those of the path that it stands for; undefined when there are too few or too many. */
function aligned(segments: readonly Segment[], given: readonly string[]): readonly (readonly string[])[] | undefined {
  const deep = segments.findIndex(({ kind }) => kind === 'multi');
  const more = given.length - segments.length;
  if (deep === -1) return more === 0 ? given.map((one) => [one]) : undefined;
  if (more < -1) return undefined;
  return segments.map((_, index) => {
    if (index === deep) return given.slice(deep, deep + more + 1);
    return given.slice(index < deep ? index : index + more, (index < deep ? index : index + more) + 1);
  });
}

function fits({ template: { segments, verb } }: Binding, given: readonly string[], sent: string | undefined): boolean {
  const isEqual = (text: string, raw = ''): boolean => raw.replace('%61', 'a').replace('%2F', '/') === text;
  const parts = aligned(segments, given);
  if (verb !== sent || parts === undefined) return false;
  return segments.every((own, index) => {
    const [part] = parts[index] ?? [];
    return own.kind === 'multi' || (own.kind === 'literal' ? isEqual(own.text, part) : part !== '');
  });
}

function naiveMatch(bindings: readonly Binding[], httpMethod: string, path: string): unknown {
  for (const [segments, verb] of readings(path)) {
    const fitting = bindings.filter((binding) => fits(binding, segments, verb));
    if (fitting.length === 0) continue;
    const served = (name: string): Binding[] => fitting.filter((binding) => [name, '*'].includes(binding.httpMethod));
    const candidates = served(httpMethod).length === 0 && httpMethod === 'HEAD' ? served('GET') : served(httpMethod);
    const [binding] = candidates.sort((a, b) => (specificity(a, segments) < specificity(b, segments) ? -1 : 1));
    if (binding === undefined) {
      const own = fitting.map((other) => other.httpMethod);
      const allow = new Set([...own, 'OPTIONS', ...(own.includes('GET') ? ['HEAD'] : [])]);
      return { kind: 'wrongMethod', allow: [...allow].sort() };
    }
    decodeSegment(path, '');
    return { kind: 'matched', binding, captures: capturesOf(binding, segments) };
  }
  return { kind: 'unmatched' };
}

/**
 * Sorts before that of a rule which has to give way: 0 a literal or the end, 1 `*`, 2 `**`, which takes as little as it can where more follows;
 * then the method.
 */
function specificity({ template: { segments }, httpMethod }: Binding, given: readonly string[]): string {
  const digits = segments.map(({ kind }, index) => {
    if (kind !== 'multi') return kind === 'literal' ? '0' : '1';
    return index === segments.length - 1 ? '299' : `2${String(given.length - segments.length + 1).padStart(2, '0')}`;
  });
  return digits.join('').padEnd(20, '0') + (httpMethod === '*' ? '1' : '0');
}

function capturesOf({ template: { segments }, variables }: Binding, given: readonly string[]): string[] {
  return variables.map(({ end, start, isMultiSegment }) => {
    const raw = (aligned(segments, given) ?? []).slice(start, end).flat().join('/');
    return isMultiSegment ? raw.split('%2F').map(decodeURIComponent).join('%2F') : decodeURIComponent(raw);
  });
}

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof StatusError ? error.httpStatus : error;
  }
}
