/** Deepest indentation that is spelled out; deeper levels stay at it, so that hostile nesting cannot blow the text up. */
const deepest = 100;

/**
 * Pretty-prints finished JSON without white space: a member or element a line, `spaces` a level, `{}` and `[]` kept together.
 */
export function indentJson(json: Uint8Array, spaces: number): Uint8Array {
  const result = Buffer.allocUnsafe(indentedSize(json, spaces));
  let p = 0;
  let depth = 0;
  const breakLine = (): void => {
    const width = Math.min(depth, deepest) * spaces;
    result[p] = 0x0a;
    result.fill(0x20, p + 1, p + 1 + width);
    p += 1 + width;
  };
  for (let position = 0; position < json.length; position++) {
    const byte = json[position] as number;
    if (isClosing(byte)) {
      depth--;
      if (!isOpening(json[position - 1] as number)) breakLine();
    }
    result[p++] = byte;
    if (byte === 0x22) {
      const end = stringEnd(json, position);
      result.set(json.subarray(position + 1, end), p);
      p += end - position - 1;
      position = end - 1;
    } else if (isOpening(byte)) {
      depth++;
      if (!isClosing(json[position + 1] as number)) breakLine();
    } else if (byte === 0x2c) breakLine();
    else if (byte === 0x3a) result[p++] = 0x20;
  }
  return result;
}

function indentedSize(json: Uint8Array, spaces: number): number {
  let size = json.length;
  let depth = 0;
  for (let position = 0; position < json.length; position++) {
    const byte = json[position] as number;
    if (byte === 0x22) position = stringEnd(json, position) - 1;
    else if (byte === 0x3a) size++;
    else if (byte === 0x2c) size += 1 + Math.min(depth, deepest) * spaces;
    else if (isOpening(byte)) {
      depth++;
      if (!isClosing(json[position + 1] as number)) size += 1 + Math.min(depth, deepest) * spaces;
    } else if (isClosing(byte)) {
      depth--;
      if (!isOpening(json[position - 1] as number)) size += 1 + Math.min(depth, deepest) * spaces;
    }
  }
  return size;
}

/** Position behind the closing quote of the string that opens at `start`. */
function stringEnd(json: Uint8Array, start: number): number {
  let position = start + 1;
  while (json[position] !== 0x22) position += json[position] === 0x5c ? 2 : 1;
  return position + 1;
}

const isOpening = (byte: number): boolean => byte === 0x7b || byte === 0x5b;
const isClosing = (byte: number): boolean => byte === 0x7d || byte === 0x5d;
