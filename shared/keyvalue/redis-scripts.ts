/**
 * What must happen at one moment, as scripts that Redis runs with nothing in between.
 *
 * Layout, each key after the store's prefix:
 * - `value:<key>` the value
 * - `keys` sorted set of all keys, score 0, hence in byte order: a scan needs no walk over the whole server
 * - `expiries` sorted set of the keys that expire, score: when, ms since the Unix epoch. Redis's own expiry is not used:
 *   it would leave `keys` behind, and on a reader's clock it could not be told from a value that never was.
 * - `secret:<name>` the secret, a string of its own: small ones that share a hash are packed and compressed together
 * - `secrets` hash from name to when it was made, ms since the Unix epoch
 * - `destroyed` set of names, for ever
 * - `purging` set of names destroyed whose bytes may still be in a file
 *
 * `now` is the server's clock, the only one that all hosts share, unless the caller brings one (''=the server's).
 */
import type { Redis } from 'ioredis'

const now = `
local function now(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`

const living = `
local function living(expiries, key, at)
  local expiry = redis.call('ZSCORE', expiries, key)
  return not expiry or tonumber(expiry) > at
end
`

/** KEYS: value, keys, expiries. */
const store = `
local function store(key, value, at, ttl)
  redis.call('SET', KEYS[1], value)
  redis.call('ZADD', KEYS[2], 0, key)
  if ttl == '' then
    redis.call('ZREM', KEYS[3], key)
  else
    redis.call('ZADD', KEYS[3], string.format('%.0f', math.ceil(at + tonumber(ttl))), key)
  end
end
`

/** For each: how many keys, and the script. Arguments are in the comment before. */
const scripts = {
  /** value, expiries; key, now → value or nil */
  headcountGet: [2, `${now}${living}return living(KEYS[2], ARGV[1], now(ARGV[2])) and redis.call('GET', KEYS[1])`],

  /** value, keys, expiries; key, value, now, ttl ms or '' */
  headcountPut: [3, `${now}${store}store(ARGV[1], ARGV[2], now(ARGV[3]), ARGV[4]) return 1`],

  /** as Put → 1 when it wrote */
  headcountPutIfAbsent: [
    3,
    `${now}${living}${store}
local at = now(ARGV[3])
if redis.call('EXISTS', KEYS[1]) == 1 and living(KEYS[3], ARGV[1], at) then return 0 end
store(ARGV[1], ARGV[2], at, ARGV[4])
return 1`,
  ],

  /** value, keys, expiries; key, value, now, 1 when a value is expected, that value → 1 when it wrote */
  headcountCompareAndSet: [
    3,
    `${now}${living}${store}
local at = now(ARGV[3])
local stored = living(KEYS[3], ARGV[1], at) and redis.call('GET', KEYS[1])
if ARGV[4] == '1' then
  if stored ~= ARGV[5] then return 0 end
elseif stored then
  return 0
end
store(ARGV[1], ARGV[2], at, '')
return 1`,
  ],

  /** value, keys, expiries; key */
  headcountDelete: [
    3,
    `redis.call('UNLINK', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1`,
  ],

  /** expiries; what comes before a key in the name of its value, now, bytes at most, keys → values, nil for none, up to the one that reached the bytes */
  headcountReadPortion: [
    1,
    `${now}${living}
local at = now(ARGV[2])
local most = tonumber(ARGV[3])
local values, bytes = {}, 0
for i = 4, #ARGV do
  local value = living(KEYS[1], ARGV[i], at) and redis.call('GET', ARGV[1] .. ARGV[i])
  values[#values + 1] = value
  if value then bytes = bytes + #value end
  if bytes >= most then break end
end
return values`,
  ],

  /** keys, expiries; what comes before a key in the name of its value, now, keys at most → how many it removed */
  headcountSweep: [
    2,
    `${now}
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now(ARGV[2]), 'LIMIT', 0, ARGV[3])
for _, key in ipairs(due) do
  redis.call('UNLINK', ARGV[1] .. key)
  redis.call('ZREM', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
end
return #due`,
  ],

  /** secret, secrets, destroyed; name, bytes, now → the secret, nil when destroyed */
  headcountCreateSecret: [
    3,
    `${now}
if redis.call('SISMEMBER', KEYS[3], ARGV[1]) == 1 then return false end
local secret = redis.call('GET', KEYS[1])
if secret then return secret end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', now(ARGV[3])))
return ARGV[2]`,
  ],

  /** secret, secrets, destroyed, purging; name → 1 while its bytes may be in a file */
  headcountDestroySecret: [
    4,
    `redis.call('SADD', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
if redis.call('DEL', KEYS[1]) == 1 then redis.call('SADD', KEYS[4], ARGV[1]) end
return redis.call('SISMEMBER', KEYS[4], ARGV[1])`,
  ],
} as const satisfies Record<string, readonly [keys: number, lua: string]>

type Argument = string | number | Buffer
type ScriptName = keyof typeof scripts

/** Replies are as Redis gives them; strings in them are buffers. */
export type ScriptedRedis = Redis & { [Name in `${ScriptName}Buffer`]: (...args: Argument[]) => Promise<unknown> }

/** Gives the client a method for each script: `headcountGetBuffer` and so on. */
export function withScripts(redis: Redis): ScriptedRedis {
  for (const [name, [numberOfKeys, lua]] of Object.entries(scripts)) redis.defineCommand(name, { numberOfKeys, lua })
  return redis as ScriptedRedis
}
