const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, "'": 39, '"': 34, '?': 63,
}; // biome-ignore format: a table

const utf8 = new TextEncoder();

/**
 * The bytes of string tokens that stand side by side, quotes and escapes resolved: `"a" 'b'` → `ab`, `"\303\251"` → the
 * two bytes of é. Undefined when an escape is not one of the language.
 */
export function stringBytes(tokens: readonly string[]): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const token of tokens) {
    const escapes = /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs;
    let last = 1;
    for (const match of token.slice(0, -1).matchAll(escapes)) {
      const [whole, octal, hex, short, long, letter] = match;
      bytes.push(...utf8.encode(token.slice(last, match.index)));
      last = match.index + whole.length;
      const code = short ?? long;
      const simple = letter === undefined ? undefined : simpleEscapes[letter];
      if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 255);
      else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
      else if (code !== undefined && Number.parseInt(code, 16) <= 0x10ffff) {
        bytes.push(...utf8.encode(String.fromCodePoint(Number.parseInt(code, 16))));
      } else if (simple !== undefined && Object.hasOwn(simpleEscapes, letter ?? '')) bytes.push(simple);
      else return undefined;
    }
    bytes.push(...utf8.encode(token.slice(last, -1)));
  }
  return Uint8Array.from(bytes);
}

/** Bytes as protoc writes a `bytes` default into a descriptor: printable ASCII, the rest as octal escapes. */
export function escapeBytes(bytes: Uint8Array): string {
  const letters: Readonly<Record<number, string>> = {
    10: '\\n',
    13: '\\r',
    9: '\\t',
    34: '\\"',
    39: "\\'",
    92: '\\\\',
  };
  return Array.from(bytes, (byte) => {
    const isPrintable = byte >= 32 && byte < 127;
    return letters[byte] ?? (isPrintable ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`);
  }).join('');
}
