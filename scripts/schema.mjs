// Writes tandem.schema.json, and the tables of docs/configuration.md, from the options' schema in dist/. With --check it writes
// nothing and fails when one of them is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { valueForms } from '../dist/gateway/options-forms.js';
import { optionsSchema } from '../dist/gateway/options-schema.js';

/** The same schema, closed: an object has the keys it lists and no other. */
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  return node.type === 'object' ? { ...copy, additionalProperties: false } : copy;
}

function schemaText() {
  const forms = Object.entries(valueForms).map(([name, form]) => [
    name,
    { description: form.expected, ...form.schema },
  ]);
  const { type, properties } = closed(optionsSchema);
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of Tandem, the gRPC-REST transcoding bridge',
    type,
    properties,
    additionalProperties: false,
    $defs: Object.fromEntries(forms),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function formText(node) {
  if (node.$ref) return node.$ref.replace('#/$defs/', '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.anyOf) return node.anyOf.map(formText).join(' or ');
  if (node.items) return `list of ${formText(node.items)}`;
  return { boolean: 'true, false', integer: 'integer', string: 'text', object: 'mapping' }[node.type];
}

/** Rows of one mapping, the keys of the mappings in it behind it. */
function rowsOf({ properties, required = [] }, prefix = '') {
  return Object.entries(properties).flatMap(([name, node]) => {
    const key = `${prefix}${name}`;
    const inner = node.items?.anyOf?.[1] ?? (node.items?.properties ? node.items : node);
    const children = inner.properties ? rowsOf(inner, `${key}${node.items ? '[]' : ''}.`) : [];
    const isSection = node.type === 'object' && node.default !== undefined;
    const preset =
      node.default === undefined ? (required.includes(name) ? 'required' : '') : `\`${JSON.stringify(node.default)}\``;
    return isSection ? children : [[`\`${key}\``, formText(node), preset, node.description], ...children];
  });
}

/** A Markdown table with its columns aligned, as the formatter of this repository wants it. */
function tableText(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = [rows[0], widths.map((width) => '-'.repeat(width)), ...rows.slice(1)].map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`,
  );
  return lines.join('\n');
}

function sectionText(title, description, properties) {
  const rows = [['key', 'value', 'default', 'meaning'], ...rowsOf({ properties })];
  return [`### ${title}`, description, tableText(rows)].filter(Boolean).join('\n\n');
}

function tablesText() {
  const { listen, upstreams, transcoding, limits, security, docs, observability, ...sources } =
    optionsSchema.properties;
  const sections = Object.entries({ upstreams, transcoding, limits, security, docs, observability }).map(
    ([name, node]) => sectionText(`\`${name}\``, node.properties && node.description, { [name]: node }),
  );
  const first = [
    sectionText('`listen`', listen.description, { listen }),
    sectionText('Schemas and rules', '', sources),
  ];
  return `${[...first, ...sections].join('\n\n')}\n`;
}

const page = 'docs/configuration.md';
const marks = /(<!-- keys: npm run schema -->\n).*(<!-- end of keys -->)/s;
const outputs = [
  ['tandem.schema.json', schemaText()],
  [page, readFileSync(page, 'utf8').replace(marks, (_, start, end) => `${start}\n${tablesText()}\n${end}`)],
];
const stale = outputs.filter(([file, text]) => {
  try {
    return readFileSync(file, 'utf8') !== text;
  } catch {
    return true;
  }
});
if (!process.argv.includes('--check')) for (const [file, text] of stale) writeFileSync(file, text);
else for (const [file] of stale) console.error(`${file} is stale: run npm run schema`);
process.exit(process.argv.includes('--check') && stale.length > 0 ? 1 : 0);
