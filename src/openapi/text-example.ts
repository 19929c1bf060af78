/** Examples of texts that an author gives: by an option of OpenAPI, or in the words of a field's comment. */
import type { Segment } from '../routing/path-template.ts';
import type { FieldDescriptor } from '../schema/descriptors.ts';
import { authoredSchema } from './authored.ts';

// "For example, `shelves/fiction`", "Example: "en-US"", "e.g. 'wheel'". With braces or stars it is a pattern, and no example.
const inComment = /\b(?:for example|example|e\.g\.)[:,]?\s+([`"'])([^`"'{}*\s]+)\1/i;

/** The author's example of a field that holds texts; undefined where there is none. */
export function textExample(field: FieldDescriptor): string | undefined {
  if (field.map !== undefined || field.type.kind !== 'scalar' || field.type.scalar !== 'string') return undefined;
  const [authored] = authoredSchema(field).examples ?? [];
  return typeof authored === 'string' ? authored : inComment.exec(field.comment)?.[2];
}

/** The parts of a text that stand for each segment of a variable; undefined where the variable takes no such text. */
export function partsOf(text: string, segments: readonly Segment[]): readonly string[] | undefined {
  const words = text.split('/');
  const parts = segments.map(({ kind }, index) => {
    const isLast = index === segments.length - 1;
    return kind === 'multi' && isLast ? words.slice(index).join('/') : (words[index] ?? '');
  });
  const fits = segments.every((segment, index) =>
    segment.kind === 'literal' ? segment.text === parts[index] : parts[index] !== '',
  );
  return fits && parts.join('/') === text ? parts : undefined;
}
