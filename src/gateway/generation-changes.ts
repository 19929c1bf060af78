/** What a reload changes for clients: routes, and the fields of the messages that they carry. */
import type { Binding } from '../routing/binding.ts';
import type { MessageDescriptor } from '../schema/descriptors.ts';
import { typeText } from '../schema/type-text.ts';
import type { Generation } from './generation.ts';

export interface GenerationChanges {
  /** `GET /v1/shelves/{shelf} (library.v1.Library.GetShelf)` */
  readonly lost: readonly string[];
  readonly added: readonly string[];
  /** Of methods that stay: `library.v1.Book.pages: int64, was int32`, `library.v1.Book.isbn: gone`. New fields break nobody and are left out. */
  readonly fields: readonly string[];
}

export function changesBetween(before: Generation, after: Generation): GenerationChanges {
  const [old, now] = [routesOf(before), routesOf(after)];
  return {
    lost: [...old].filter((route) => !now.has(route)),
    added: [...now].filter((route) => !old.has(route)),
    fields: changedFields(before, after),
  };
}

function routesOf({ table }: Generation): ReadonlySet<string> {
  return new Set(
    table.bindings.map(({ httpMethod, path, method }: Binding) => `${httpMethod} ${path} (${method.fullName})`),
  );
}

function changedFields(before: Generation, after: Generation): readonly string[] {
  const changes: string[] = [];
  const seen = new Set<string>();
  const compare = (old: MessageDescriptor, now: MessageDescriptor | undefined): void => {
    if (now === undefined || seen.has(old.fullName)) return;
    seen.add(old.fullName);
    for (const field of old.fields) {
      const other = now.fieldsByName.get(field.name);
      const [type, newType] = [typeText(field), other === undefined ? 'gone' : typeText(other)];
      if (type !== newType) changes.push(`${field.fullName}: ${newType}${other === undefined ? '' : `, was ${type}`}`);
      const inner = (field.map?.value ?? field).type;
      if (inner.kind === 'message') compare(inner.message, after.schema.messages.get(inner.message.fullName));
    }
  };
  for (const { path, input, output } of before.methods.values()) {
    const method = after.methods.get(path);
    if (method === undefined) continue;
    // A method may have got another message under another name: its fields are then compared by name as well.
    compare(input, method.input);
    compare(output, method.output);
  }
  return changes;
}
