/**
 * Names by their shortest unique suffix: `library.v1.Book` is `Book`, unless another full name ends in `.Book`; then
 * `v1.Book`, and so on. Linear in the total number of name parts.
 */
export function shortestSuffixes(fullNames: Iterable<string>): ReadonlyMap<string, string> {
  const names = [...new Set(fullNames)];
  const uses = new Map<string, number>();
  for (const name of names) {
    for (const suffix of suffixes(name)) uses.set(suffix, (uses.get(suffix) ?? 0) + 1);
  }
  // A full name that is itself the end of another one has no unique suffix. It stays whole, and nobody else got it.
  return new Map(names.map((name) => [name, suffixes(name).find((suffix) => uses.get(suffix) === 1) ?? name]));
}

/** Shortest first: `a.b.C` → `C`, `b.C`, `a.b.C`. */
function suffixes(name: string): readonly string[] {
  const parts = name.split('.');
  return parts.map((_, index) => parts.slice(parts.length - 1 - index).join('.'));
}

/** Gives out names, each once: the second `a` becomes `a2`, the third `a3`. */
export function createNamer(separator = ''): (wanted: string) => string {
  const counts = new Map<string, number>();
  return (wanted) => {
    let count = (counts.get(wanted) ?? 0) + 1;
    let name = count === 1 ? wanted : `${wanted}${separator}${count}`;
    while (count > 1 && counts.has(name)) name = `${wanted}${separator}${++count}`;
    counts.set(wanted, count);
    counts.set(name, counts.get(name) ?? 1);
    return name;
  };
}

const irregular: ReadonlyMap<string, string> = new Map([
  ['people', 'person'],
  ['children', 'child'],
  ['indices', 'index'],
  ['caches', 'cache'],
]);

/** What a collection's name says of one member: `shelves` → `shelf`, `policies` → `policy`, `isbn` → `isbn`. */
export function singular(word: string): string {
  const known = irregular.get(word);
  if (known !== undefined) return known;
  if (/(?:ss|us|is|series|species|news)$/.test(word)) return word;
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/lves$/.test(word)) return `${word.slice(0, -3)}f`;
  if (/(?:ss|x|ch|sh|us)es$/.test(word)) return word.slice(0, -2);
  return word.replace(/s$/, '');
}
