/** The bytes are no protobuf message. `offset` is the position of the value that is wrong. */
export class WireFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'WireFault';
    this.offset = offset;
  }
}
