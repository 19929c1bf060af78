/** What is written of messages without what may be secret in them. */

const secretName =
  /pass(word|wd|phrase)?$|secret|token|credential|api_?key|authorization|private_?key|cvv|card_?number|ssn/i;

/** Stands for what is left out. */
export const hidden = 'REDACTED';

/** The name of a member says that it is nobody's business. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Texts and numbers of members with a secret's name are replaced; what holds others is looked into. */
export function redacted(value: unknown, isSecret: (name: string) => boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => redacted(item, isSecret));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    const isHidden = isSecret(name) && (typeof inner === 'string' || typeof inner === 'number');
    return [name, isHidden ? hidden : redacted(inner, isSecret)];
  });
  return Object.fromEntries(entries);
}
