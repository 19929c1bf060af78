/**
 * @module What gRPC clients may ask of any server, answered by the gateway itself: server reflection and the health protocol. They are loaded
 * when somebody asks first. A service of the user's of the same name wins.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Codec } from '../codec/codec.ts';
import { createCodec } from '../codec/create-codec.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { loadSchema } from '../schema/load-schema.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { cancelledBy, deadlineExceeded } from '../upstream/call-errors.ts';
import { withFrames } from '../upstream/frames.ts';
import { replyQueueOf } from '../upstream/reply-queue.ts';
import type { CallOptions, ReplyStream, Transport } from '../upstream/transport.ts';
import type { Generation } from './generation.ts';
import type { Options } from './options.ts';
import { type ReflectionRequest, reflectionReply } from './own-reflection.ts';
import type { CallTarget } from './rpc.ts';

/** What the answers speak of. */
export interface Served {
  readonly generation: () => Generation;
  /** True when calls of the service have a chance; "" is the gateway as a whole. */
  readonly isServing: (service: string) => boolean;
}

/** A method that the gateway answers itself, and where its calls go. */
export interface OwnMethod {
  readonly method: MethodDescriptor;
  readonly target: CallTarget;
}

type Json = Readonly<Record<string, unknown>>;
type Answers = (requests: AsyncIterable<Json>, signal: AbortSignal) => AsyncGenerator<Json, void>;

const health = 'grpc.health.v1.Health';
const reflection = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'] as const;

/** The names of the services that the options have the gateway answer. */
export function ownServiceNames({ protocols }: Options): readonly string[] {
  if (!protocols.grpc) return [];
  return [...(protocols.health ? [health] : []), ...(protocols.reflection ? reflection : [])];
}

/** The methods by their paths. */
export async function createOwnServices(served: Served): Promise<ReadonlyMap<string, OwnMethod>> {
  const { schema } = await loadSchema({ mixins: [health, ...reflection] });
  const codec = createCodec(schema, { ignoreUnknown: true });
  const answers = new Map<string, Answers>([
    [`/${health}/Check`, healthCheck(served)],
    [`/${health}/List`, healthList(served)],
    [`/${health}/Watch`, healthWatch(served)],
  ]);
  const { generation } = served;
  for (const service of reflection) {
    answers.set(`/${service}/ServerReflectionInfo`, async function* (requests) {
      for await (const request of requests) {
        const current = generation();
        const names = [...current.services, ...ownServiceNames(current.options)];
        yield reflectionReply(request as ReflectionRequest, [current.schema, schema], [...new Set(names)].sort());
      }
    });
  }
  const methods = [...schema.methods.values()].filter(({ path }) => answers.has(path));
  return new Map(
    methods.map((method) => {
      const transport = ownTransport(codec, method, answers.get(method.path) as Answers);
      return [method.path, { method, target: { transport, timeoutMs: 10_000 } }];
    }),
  );
}

function healthCheck({ isServing, generation }: Served): Answers {
  return async function* (requests) {
    for await (const { service = '' } of requests) {
      if (!isKnown(generation(), service)) throw new StatusError(GrpcCode.NOT_FOUND, `no service ${service} is served`);
      yield statusOf(isServing(String(service)));
    }
  };
}

function healthList({ isServing, generation }: Served): Answers {
  return async function* (requests) {
    for await (const _ of requests) {
      const names = ['', ...generation().services];
      yield { statuses: Object.fromEntries(names.map((name) => [name, statusOf(isServing(name))])) };
    }
  };
}

const WATCH_PAUSE_MS = 500;

/** Looks again and again: what a status follows from is spread over connections, reloads and the drain. */
function healthWatch({ isServing, generation }: Served): Answers {
  return async function* (requests, signal) {
    for await (const { service = '' } of requests) {
      let told: string | undefined;
      while (!signal.aborted) {
        const status = isKnown(generation(), service)
          ? statusOf(isServing(String(service)))
          : { status: 'SERVICE_UNKNOWN' };
        if (status.status !== told) yield status;
        told = status.status;
        await sleep(WATCH_PAUSE_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  };
}

function isKnown({ services }: Generation, service: unknown): boolean {
  return service === '' || services.includes(String(service));
}

function statusOf(isServing: boolean): { readonly status: string } {
  return { status: isServing ? 'SERVING' : 'NOT_SERVING' };
}

/** Calls of one method as a transport has them, its messages read and written as JSON. */
function ownTransport(codec: Codec, method: MethodDescriptor, answers: Answers): Pick<Transport, 'unary' | 'stream'> {
  const toJson = codec.messageWriter(method.input);
  const toWire = codec.messageReader(method.output);
  async function* replies(
    messages: Uint8Array | AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    async function* requests(): AsyncGenerator<Json, void> {
      for await (const message of messages instanceof Uint8Array ? [messages] : messages) {
        yield JSON.parse(Buffer.from(toJson(message)).toString());
      }
    }
    for await (const reply of answers(requests(), signal)) yield toWire(Buffer.from(JSON.stringify(reply)));
  }
  const stream = (options: CallOptions, messages: Uint8Array | AsyncIterable<Uint8Array>): ReplyStream => {
    const over = new AbortController();
    const queue = replyQueueOf(replies(messages, over.signal), () => over.abort());
    endInTime(options, over, (error) => queue.end([], error));
    return queue;
  };
  return withFrames({
    stream,
    unary: async (options, messages) => {
      let message: Uint8Array | undefined;
      for await (const batch of stream(options, messages)) message = batch[0];
      if (message === undefined) throw new StatusError(GrpcCode.INTERNAL, 'no answer was made');
      return { message, headers: [], trailers: [] };
    },
  });
}

function endInTime({ deadline, signal }: CallOptions, over: AbortController, end: (error: StatusError) => void): void {
  const stop = (error: StatusError): void => {
    end(error);
    over.abort();
  };
  const onAbort = (): void => stop(cancelledBy(signal?.reason));
  const timer = setTimeout(() => stop(deadlineExceeded()), Math.max(0, deadline - performance.now()));
  signal?.addEventListener('abort', onAbort);
  over.signal.addEventListener('abort', () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}
