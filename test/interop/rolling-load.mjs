// Clients that call without pause, over connections that they keep, and hold every answer against its question.
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';

const books = 2;

function restCalls(port, name) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const ask = async (method, path, body) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const reply = await new Promise((resolve, reject) => {
      http.request({ port, host: '127.0.0.1', agent, method, path, headers }, resolve).on('error', reject).end(body);
    });
    return { status: reply.statusCode, body: await text(reply) };
  };
  const isGreeting = (id, { status, body }) => status === 200 && body === `{"message":"Hello ${id}"}`;
  return {
    calls: {
      [`${name} GET`]: async (id) => expect(isGreeting, id, await ask('GET', `/v1/greeter/${id}`)),
      // Nobody tries these again.
      [`${name} POST`]: async (id) => expect(isGreeting, id, await ask('POST', '/v1/greeter', `{"name":"${id}"}`)),
      [`${name} stream`]: async (id) => {
        const isWhole = (_, { status, body }) => status === 200 && JSON.parse(body).length === books;
        expect(isWhole, id, await ask('GET', '/v1/shelves/fiction/books:stream?interval=0.2s'));
      },
    },
    close: () => agent.destroy(),
  };
}

function grpcCalls(port, name) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const field = (value) => Buffer.concat([Buffer.of(10, value.length), Buffer.from(value)]);
  const call = (id) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + 10_000;
      const done = (error, reply) => (error ? reject(error) : resolve(reply));
      client.makeUnaryRequest('/example.Greeter/SayHello', (bytes) => bytes, String, field(id), { deadline }, done);
    });
  const isGreeting = (id, reply) => reply === String(field(`Hello ${id}`));
  return {
    calls: { [`${name} gRPC`]: async (id) => expect(isGreeting, id, await call(id)) },
    close: () => client.close(),
  };
}

function expect(isRight, id, answer) {
  if (!isRight(id, answer)) throw new Error(`${id}: ${JSON.stringify(answer)}`);
}

/** Begins at once. `stop` gives how many calls of each kind were made, and what failed. */
export function startLoad({ tcp, http: byRequest }) {
  const clients = [
    restCalls(tcp, 'REST by connection'),
    restCalls(byRequest, 'REST by request'),
    grpcCalls(tcp, 'one'),
    grpcCalls(tcp, 'other'),
  ];
  const counts = {};
  const failures = [];
  let isOver = false;
  let id = 0;
  const run = async (kind, call) => {
    while (!isOver) {
      try {
        await call(`n${id++}`);
      } catch (error) {
        failures.push(`${kind}: ${error.message}`);
      }
      counts[kind] = (counts[kind] ?? 0) + 1;
      await sleep(5);
    }
  };
  const runs = clients.flatMap(({ calls }) =>
    Object.entries(calls).flatMap(([kind, call]) => Array.from({ length: 4 }, () => run(kind, call))),
  );
  return {
    count: () => Object.values(counts).reduce((sum, count) => sum + count, 0),
    stop: async () => {
      isOver = true;
      await Promise.all(runs);
      for (const { close } of clients) close();
      return { counts, failures };
    },
  };
}
