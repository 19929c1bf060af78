/**
 * @module What a conversion can fail with. The caller decides whose fault it is: the client's (INVALID_ARGUMENT) when
 * it read a request, the upstream's (INTERNAL) when it wrote a reply.
 */
export class CodecError extends Error {
  /** JSON path of the value, `authors[3].born`; "" for the whole. */
  readonly path: string;
  /** What is wrong, without the path: `"abc" is not an int32 (offset 4711)`. */
  readonly description: string;

  constructor(path: string, description: string) {
    super(path === '' ? description : `${path}: ${description}`);
    this.name = 'CodecError';
    this.path = path;
    this.description = description;
  }
}
