/** A conversion cannot go on: what is wrong, and at which position of its input. The codec makes a CodecError of it. */
export class Fault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'Fault';
    this.offset = offset;
  }
}
