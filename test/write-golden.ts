// Rewrites what the unit tests compare with. Read the difference before you commit it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writtenDocuments } from './openapi-documents.ts';

for (const [file, text] of await writtenDocuments()) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
