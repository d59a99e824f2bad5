-- Registers a connection of a session and returns the place where its stream begins, in one step: earlier entries are
-- in the log, later ones are published to the pod.
-- KEYS meta, log, connections, pod connections, waiting, runs, history, turns, open
-- ARGV user, member or '', pod member, fresh generation, seconds to keep a new session, run key prefix, the database's
--      answer about the owner, the latest message and the incarnation; the session
-- answers OK gen tail-n tail-hash start-n start-hash end-of-the-unseen ('' or number) | FOREIGN | ASK
local meta, log, connections, pod_connections, waiting, runs, history, turns, open = unpack(KEYS)
local user, member, pod_member, generation, keep_seconds, run_prefix, durable, latest, incarnation, session = unpack(ARGV)
local at = { session = session, meta = meta, log = log, waiting = waiting, open = open, runs = runs, history = history, turns = turns,
  run_prefix = run_prefix, incarnation = incarnation }

local admitted = admit(at, user, durable)
if admitted ~= 'OK' then
  return { admitted }
end
if begin(at, user, generation) then
  if redis.call('ZCARD', waiting) == 0 then
    redis.call('EXPIRE', meta, keep_seconds)
  end
  if latest ~= '' then
    redis.call('HSETNX', meta, 'latest', latest)
  end
end
confirm(at, durable)
if member ~= '' then
  redis.call('SADD', connections, member)
  -- No expiry: the set also belongs to plain pods, which add themselves once and never again. Dead pods' members
  -- are reaped.
  redis.call('PERSIST', connections)
  redis.call('SADD', pod_connections, pod_member)
end

local tail = log_end(meta, log)
local found = redis.call('HMGET', meta, 'ended', 'unseen', 'unseen_end')

-- The hash of the place after entry `n`, or nil when the log no longer holds the entries after it.
local function hash_at(n)
  if n == tail.n then
    return tail.hash
  end
  local entry = redis.call('XRANGE', log, math.max(n, 1) .. '-0', '+', 'COUNT', 1)[1]
  if not entry or entry[1] ~= math.max(n, 1) .. '-0' then
    return nil
  end
  return n == 0 and '00000000' or entry[2][6]
end

-- Readers without an id get the answer in progress from its start, and answers that ended while no client was
-- connected. Readers have seen everything before the end of the last answer.
local starts = {}
if found[2] then
  starts[1] = tonumber(found[2])
end
local oldest = redis.call('ZRANGE', waiting, 0, 0)[1]
if oldest then
  local asked = tonumber(redis.call('HGET', run_prefix .. oldest, 'asked'))
  starts[#starts + 1] = math.max(tonumber(found[1] or 0), asked - 1)
end
local plain = redis.call('HGET', meta, 'plain')
if plain then
  -- An answer without a turn: a plain worker's, to a request that no gateway of ours received.
  local first = tonumber(redis.call('HGET', run_prefix .. plain, 'asked') or 0)
  if first > 0 then
    starts[#starts + 1] = first - 1
  end
end
table.sort(starts)

local start, start_hash = tail.n, tail.hash
for _, n in ipairs(starts) do
  local hash = hash_at(n) -- unseen answers might have been trimmed; the one in progress is not
  if hash then
    start, start_hash = n, hash
    break
  end
end
return { 'OK', tail.gen, tail.n, tail.hash, start, start_hash, found[3] or '' }
