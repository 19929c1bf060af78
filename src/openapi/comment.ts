/** A comment's first sentence in one line, and what follows it; either may be "". */
export interface CommentText {
  readonly summary: string;
  readonly rest: string;
}

// `(-- … --)` is for the authors of an API, not for its readers (AIP-192).
const internalComment = /\(--[\s\S]*?--\)/g;
// `[Book][library.v1.Book]` and `[Book][]` lead to types, which Markdown cannot follow.
const typeLink = /\[([^[\]]+)\]\[[\w.]*\]/g;
// A full stop, or the end of a paragraph. What is one letter long before the stop ("e.g.", "i.e.") is an abbreviation.
const firstSentence = /^[\s\S]*?(?:[^.\s][^.\s](?:[)"'`]*)[.!?](?=\s|$)|(?=\n\s*\n)|$)/;

/** A proto comment as Markdown for the document's readers. */
export function markdownOf(comment: string): string {
  return comment.replace(internalComment, '').replace(typeLink, '$1').trim();
}

/** `Gets a book.\nIt must exist.` → summary `Gets a book`, rest `It must exist.` */
export function splitComment(comment: string): CommentText {
  const text = markdownOf(comment);
  const [sentence = ''] = firstSentence.exec(text) ?? [];
  return { summary: sentence.replace(/\s+/g, ' ').replace(/\.$/, ''), rest: text.slice(sentence.length).trim() };
}

/** Parts of a description, one paragraph each; undefined when all are empty. */
export function paragraphs(...parts: readonly string[]): string | undefined {
  const full = parts.filter((part) => part !== '');
  return full.length === 0 ? undefined : full.join('\n\n');
}
