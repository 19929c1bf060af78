/** What the messages of some calls would be as JSON: those calls are chosen here, and their messages converted. */
import type { JsonWriter } from '../../codec/codec.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Rpc } from '../../gateway/hooks.ts';
import type { Witness } from '../../gateway/witness.ts';
import type { MessageDescriptor } from '../../schema/descriptors.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { frameHeadBytes, messageOf } from '../../transcode/grpc-framing.ts';
import { at, type Cell, increase } from './cell.ts';
import { stepOf } from './steps.ts';

/** Of each method and step the first calls are chosen, and then one of so many. */
const firstCalls = 8;
const oneOf = 64;

/** Messages of a chosen call that are converted; a larger one is not, since it would hold up other calls. */
const MAX_MESSAGES = 16;
const MAX_BYTES = 1024 * 1024;

export class JsonSamples {
  readonly #gateway: Gateway;
  readonly #now: () => number;
  #step = 0;
  /** Calls of a method that have begun in this step. */
  readonly #begun: Map<string, number> = new Map();
  /** By the type of a message, which is another one after a reload. */
  readonly #writers: WeakMap<MessageDescriptor, JsonWriter> = new WeakMap();

  constructor(gateway: Gateway, now: () => number) {
    this.#gateway = gateway;
    this.#now = now;
  }

  /** Who looks on at a call that is chosen. `cellNow` is where the figures go. */
  choose({ method }: Rpc, cellNow: () => Cell): Witness | undefined {
    const step = stepOf(this.#now());
    if (step !== this.#step) this.#begun.clear();
    this.#step = step;
    const index = this.#begun.get(method.fullName) ?? 0;
    this.#begun.set(method.fullName, index + 1);
    if (index >= firstCalls && index % oneOf !== 0) return undefined;
    let [messages, encoding, hasFrames]: [number, string | undefined, boolean] = [0, undefined, false];
    const look = (type: MessageDescriptor, given: Uint8Array, frameEncoding: string | undefined): void => {
      if (messages++ >= MAX_MESSAGES || given.length > MAX_BYTES) return;
      const length = this.#jsonLength(type, given, hasFrames ? (frameEncoding ?? 'identity') : undefined);
      if (length !== undefined) addSample(cellNow(), given.length - (hasFrames ? frameHeadBytes : 0), length);
    };
    return {
      onSend({ frames }) {
        hasFrames = frames !== undefined;
        encoding = frames?.encoding;
      },
      onRequest: (given) => look(method.input, given, encoding),
      onReply: (given, frameEncoding) => look(method.output, given, frameEncoding),
      onEnd() {},
    };
  }

  /** Undefined for what has no JSON, such as an Any of an unknown type, and for frames that cannot be opened. */
  #jsonLength(type: MessageDescriptor, given: Uint8Array, frameEncoding: string | undefined): number | undefined {
    try {
      const message = frameEncoding === undefined ? given : messageOf(given, frameEncoding, MAX_BYTES, refuse);
      const write = this.#writers.get(type) ?? this.#gateway.generation.rpcCodec.messageWriter(type);
      this.#writers.set(type, write);
      return write(message).length;
    } catch {
      return undefined;
    }
  }
}

function refuse(): StatusError {
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, 'a message cannot be looked into');
}

function addSample(cell: Cell, bytes: number, json: number): void {
  increase(cell, at.sampled, 1);
  increase(cell, at.sampledBytes, bytes);
  increase(cell, at.sampledJson, json);
}
