/** What the messages of some calls would be as JSON: those calls are chosen here, and their messages converted. */
import type { JsonWriter } from '../../codec/codec.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Rpc } from '../../gateway/hooks.ts';
import type { Witness } from '../../gateway/witness.ts';
import type { MessageDescriptor, MethodDescriptor } from '../../schema/descriptors.ts';
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
    return new SampledCall(method, cellNow, (type, given, frameEncoding) =>
      this.#jsonLength(type, given, frameEncoding),
    );
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

type JsonLength = (type: MessageDescriptor, given: Uint8Array, frameEncoding: string | undefined) => number | undefined;

class SampledCall implements Witness {
  readonly #method: MethodDescriptor;
  readonly #cellNow: () => Cell;
  readonly #jsonLength: JsonLength;
  #hasFrames = false;
  #requestEncoding: string | undefined;
  #seen = 0;
  #sampled = 0;
  #bytes = 0;
  #json = 0;

  constructor(method: MethodDescriptor, cellNow: () => Cell, jsonLength: JsonLength) {
    this.#method = method;
    this.#cellNow = cellNow;
    this.#jsonLength = jsonLength;
  }

  onSend({ frames }: Parameters<Witness['onSend']>[0]): void {
    this.#hasFrames = frames !== undefined;
    this.#requestEncoding = frames?.encoding;
  }

  onRequest(given: Uint8Array): void {
    this.#look(this.#method.input, given, this.#requestEncoding);
  }

  onReply(given: Uint8Array, encoding: string | undefined): void {
    this.#look(this.#method.output, given, encoding);
  }

  /** The cell of the step in which all the call's bytes are counted. */
  onEnd(): void {
    const cell = this.#cellNow();
    increase(cell, at.sampled, this.#sampled);
    increase(cell, at.sampledBytes, this.#bytes);
    increase(cell, at.sampledJson, this.#json);
  }

  #look(type: MessageDescriptor, given: Uint8Array, encoding: string | undefined): void {
    if (this.#seen++ >= MAX_MESSAGES || given.length > MAX_BYTES) return;
    const json = this.#jsonLength(type, given, this.#hasFrames ? (encoding ?? 'identity') : undefined);
    if (json === undefined) return;
    this.#sampled++;
    this.#bytes += given.length - (this.#hasFrames ? frameHeadBytes : 0);
    this.#json += json;
  }
}
