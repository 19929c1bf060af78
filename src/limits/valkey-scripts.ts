/** What runs in the store, each at once or not at all. */
import type { Redis } from 'ioredis';

/** For each key its count and window in milliseconds. Gives whether the call is allowed, and for each key the calls and milliseconds left. */
const take = `
local used, allowed = {}, 1
for i, key in ipairs(KEYS) do
  used[i] = tonumber(redis.call('GET', key) or '0')
  if used[i] >= tonumber(ARGV[2 * i - 1]) then allowed = 0 end
end
local result = {allowed}
for i, key in ipairs(KEYS) do
  if allowed == 1 then used[i] = redis.call('INCR', key) end
  local left = redis.call('PTTL', key)
  if left < 0 then
    left = tonumber(ARGV[2 * i])
    if allowed == 1 then redis.call('PEXPIRE', key, left) end
  end
  result[2 * i] = math.max(0, tonumber(ARGV[2 * i - 1]) - used[i])
  result[2 * i + 1] = left
end
return result`;

const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** A lease, its milliseconds, and for each key how many there may be. Gives the numbers of the keys that are full; none: it is taken. */
const place = `${now}
local full = {}
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then full[#full + 1] = i end
end
if #full > 0 then return full end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + tonumber(ARGV[2]), ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2])
end
return full`;

/** Milliseconds, and for each key a lease that lasts so long from now on. */
const keep = `${now}
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + tonumber(ARGV[1]), ARGV[1 + i])
  redis.call('PEXPIRE', key, ARGV[1])
end`;

type Script<Result> = (keyCount: number, ...keysAndArguments: (string | number)[]) => Promise<Result>;

/** A client that knows the scripts. */
export type Client = Redis & {
  readonly tandemTake: Script<number[]>;
  readonly tandemPlace: Script<number[]>;
  readonly tandemKeep: Script<null>;
};

/** Teaches a client the scripts. */
export function withScripts(client: Redis): Client {
  client.defineCommand('tandemTake', { lua: take });
  client.defineCommand('tandemPlace', { lua: place });
  client.defineCommand('tandemKeep', { lua: keep });
  return client as Client;
}
