import type { Gateway } from '../gateway/gateway.ts';
import type { OpenApiDocument } from '../openapi/document.ts';
import { withCompareLinks } from './compare/compare-links.ts';
import { pageLinks } from './page-links.ts';

/** The document as Swagger UI is given it: what a comment has of markup is text, and links lead to the other pages. */
export function pageDocument(document: OpenApiDocument, gateway: Gateway): OpenApiDocument {
  const linked = withCompareLinks(withoutMarkup(document) as OpenApiDocument, gateway);
  const others = pageLinks(gateway.generation).filter(({ name }) => name !== 'ui');
  if (others.length === 0) return linked;
  const links = others.map(({ title, path }) => `[${title}](${path})`).join(' · ');
  const { info } = linked;
  return { ...linked, info: { ...info, description: [info.description, links].filter(Boolean).join('\n\n') } };
}

/** Values of the API, which are sent as they stand. */
const verbatim = new Set(['const', 'default', 'enum', 'example', 'examples']);

/**
 * Swagger UI cleans the markup of descriptions before it shows it, but has the browser read it for that, which reports the script in it as
 * something that the page's policy has stopped.
 */
function withoutMarkup(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarkup);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => {
    if (name === 'description' && typeof each === 'string') return [name, escapeMarkup(each)];
    return [name, verbatim.has(name) ? each : withoutMarkup(each)];
  });
  return Object.fromEntries(entries);
}

/** `a <b>` → `a &lt;b>`, but not in Markdown's code, which is text already. */
function escapeMarkup(description: string): string {
  const parts = description.split(/(^```[^`]*^```|(?<!`)`[^`\n]+`(?!`))/m);
  return parts.map((part, index) => (index % 2 === 1 ? part : part.replace(/<(?=[a-z/!?])/gi, '&lt;'))).join('');
}
