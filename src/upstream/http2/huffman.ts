/**
 * Huffman decoding of HPACK strings (RFC 7541, section 5.2 and appendix B).
 */
import { ConnectionError, ErrorCode } from './protocol.ts';

// Length of each symbol's code, the end-of-string symbol last. The code is canonical: the lengths say all of it.
// biome-ignore format: a table
const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const endOfString = 256;

interface Node {
  readonly id: number;
  /** A node below, or a symbol. */
  readonly children: [Node | number | undefined, Node | number | undefined];
  /** Reached from the root by ones alone, seven at most: a string may end here (padding). */
  readonly isPadding: boolean;
}

// One entry for each inner node and each four bits: the next node, and what was decoded on the way (a code has five bits or
// more, so it is one symbol at most).
const hasSymbol = 1 << 16;
const isRefused = 1 << 17;
const { steps, isEnd } = buildSteps();

function buildSteps(): { readonly steps: Int32Array; readonly isEnd: readonly boolean[] } {
  const nodes: Node[] = [];
  const createNode = (isPadding: boolean): Node => {
    const node: Node = { id: nodes.length, children: [undefined, undefined], isPadding };
    nodes.push(node);
    return node;
  };
  const root = createNode(true);
  const symbols = [...codeLengths.keys()].sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  let code = 0;
  let length = lengthOf(symbols[0] ?? 0);
  for (const symbol of symbols) {
    code *= 2 ** (lengthOf(symbol) - length);
    length = lengthOf(symbol);
    let node = root;
    for (let depth = 1; depth < length; depth++) {
      const bit = (code >>> (length - depth)) & 1;
      let next = node.children[bit];
      if (next === undefined || typeof next === 'number') {
        next = createNode(node.isPadding && bit === 1 && depth <= 7);
        node.children[bit] = next;
      }
      node = next;
    }
    node.children[code & 1] = symbol;
    code++;
  }
  const table = new Int32Array(nodes.length * 16);
  for (const node of nodes) for (let bits = 0; bits < 16; bits++) table[node.id * 16 + bits] = stepOf(node, bits, root);
  return { steps: table, isEnd: nodes.map((node) => node.isPadding) };
}

function lengthOf(symbol: number): number {
  return codeLengths[symbol] ?? 0;
}

function stepOf(start: Node, bits: number, root: Node): number {
  let node = start;
  let decoded = 0;
  for (let shift = 3; shift >= 0; shift--) {
    const next = node.children[(bits >> shift) & 1];
    if (next === undefined || next === endOfString) return isRefused;
    if (typeof next === 'number') {
      decoded = hasSymbol | (next << 18);
      node = root;
    } else node = next;
  }
  return node.id | decoded;
}

/**
 * Decodes bytes `start` to `end` into `target` and gives how many it wrote: at most 8/5 of what it read. Throws a
 * COMPRESSION_ERROR for the end-of-string symbol and for padding that is none.
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let node = 0;
  let written = 0;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] as number;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const step = steps[node * 16 + ((byte >> shift) & 15)] as number;
      if (step & isRefused) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'Huffman string with an end inside');
      if (step & hasSymbol) target[written++] = step >> 18;
      node = step & 0xffff;
    }
  }
  if (!isEnd[node]) throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, 'Huffman string with wrong padding');
  return written;
}
