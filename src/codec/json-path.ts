/**
 * @module Where a position in a JSON text is, as a path: `authors[3].born`. Only failures ask, so nothing keeps paths up to date.
 */

interface Level {
  /** Index in an array, or -1 in an object. */
  index: number;
  /** The key of an object's member that is being read. */
  key: string;
}

/**
 * The path of the value that begins at, or holds, the end of `text`. The text may be cut off or wrong behind that.
 *
 * `{"authors":[{},{"born":"ab` → `authors[1].born`
 */
export function pathAtEnd(text: Uint8Array): string {
  const levels: Level[] = [];
  let isKey = false;
  for (let position = 0; position < text.length; position++) {
    const level = levels[levels.length - 1];
    switch (text[position]) {
      case 0x7b:
        levels.push({ index: -1, key: '' });
        isKey = true;
        break;
      case 0x5b:
        levels.push({ index: 0, key: '' });
        isKey = false;
        break;
      case 0x7d:
      case 0x5d:
        levels.pop();
        isKey = false;
        break;
      case 0x2c:
        if (level === undefined) break;
        isKey = level.index < 0;
        if (isKey) level.key = '';
        else level.index++;
        break;
      case 0x22: {
        const end = stringEnd(text, position);
        if (isKey && level !== undefined) level.key = keyOf(text, position, end);
        isKey = false;
        position = end;
        break;
      }
    }
  }
  return levels.map(stepOf).join('').replace(/^\./, '');
}

/** Position of the closing quote, or the last one of a string that is cut off. */
function stringEnd(text: Uint8Array, start: number): number {
  let position = start + 1;
  while (position < text.length && text[position] !== 0x22) position += text[position] === 0x5c ? 2 : 1;
  return position;
}

function keyOf(text: Uint8Array, start: number, end: number): string {
  const raw = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString(
    'utf8',
    start,
    Math.min(end + 1, text.length),
  );
  try {
    return JSON.parse(raw) as string;
  } catch {
    return raw.replace(/^"|"$/g, '');
  }
}

function stepOf({ index, key }: Level): string {
  if (index >= 0) return `[${index}]`;
  if (key === '') return '';
  return /^[\w$-]+$/.test(key) || /^\[[\w.]+\]$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
