import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  type PathTemplate,
  parsePathTemplate,
  printPathTemplate,
  type Segment,
  TemplateError,
} from '../../../src/routing/path-template.ts';

interface Cases {
  readonly parsed: readonly {
    readonly template: string;
    readonly segments: readonly string[];
    readonly variables: readonly string[];
    readonly verb?: string;
    /** When it is not the template itself. */
    readonly printed?: string;
  }[];
  readonly refused: readonly { readonly template: string; readonly message: string }[];
}

const cases: Cases = JSON.parse(readFileSync('test/cases/path-template.json', 'utf8'));

const segmentText = (segment: Segment): string =>
  segment.kind === 'literal' ? segment.text : segment.kind === 'single' ? '*' : '**';

function summaryOf({ segments, variables, verb }: PathTemplate): object {
  const ranges = variables.map(
    ({ fieldPath, start, end, isMultiSegment }) => `${fieldPath} ${start}-${end}${isMultiSegment ? ' multi' : ''}`,
  );
  return { segments: segments.map(segmentText), variables: ranges, verb };
}

for (const { template, segments, variables, verb, printed = template } of cases.parsed) {
  test(`${template} is parsed`, () => {
    assert.deepEqual(summaryOf(parsePathTemplate(template)), { segments, variables, verb });
  });
  test(`${template} is printed as ${printed}`, () => {
    assert.equal(printPathTemplate(parsePathTemplate(template)), printed);
  });
}

for (const { template, message } of cases.refused) {
  test(`"${template}" is refused`, () => {
    const column = Number(/\d+/.exec(message)?.[0]);
    assert.throws(
      () => parsePathTemplate(template),
      (error) => {
        assert.ok(error instanceof TemplateError);
        assert.deepEqual({ message: error.message, column: error.column }, { message, column });
        return true;
      },
    );
  });
}

test('an escaped wildcard is a literal, not a wildcard', () => {
  assert.deepEqual(parsePathTemplate('/%2A').segments, [{ kind: 'literal', text: '*' }]);
});
