-- Hands the OLDEST unfinished message of a session to a worker, whichever delivery arrived: a queue message only means
-- that the session has work.
-- KEYS meta, log, waiting, open, runs, history, turns
-- ARGV session, delivered message or '', worker, fresh token, run key prefix, lease key prefix, working key prefix,
--      most attempts, fresh generation
-- answers OK message body attempt next first-entry last-entry checkpoint {answers} incarnation | POISON message body |
--      PARKED message | BUSY | IDLE | UNKNOWN
local meta, log, waiting, open, runs, history, turns = unpack(KEYS)
local session, delivered, worker, token, run_prefix, lease_prefix, working_prefix = unpack(ARGV)

local at = { session = session, meta = meta, log = log, waiting = waiting, open = open, runs = runs, history = history, turns = turns,
  run_prefix = run_prefix }
local owner = owner_of(at)
if owner and owner ~= '' and redis.call('EXISTS', waiting, runs) > 0 then
  begin(at, owner, ARGV[9])
end
-- A message whose run was evicted has ended if the history has its answer: it must not be accepted again.
if delivered ~= '' and redis.call('EXISTS', run_prefix .. delivered) == 0
    and redis.call('HEXISTS', history, delivered) == 0 then
  return { 'UNKNOWN' }
end
local message = redis.call('ZRANGE', waiting, 0, 0)[1]
local run = run_prefix .. (message or '')
if not message or redis.call('HEXISTS', run, 'body') == 0 then
  return { 'IDLE' } -- no data of the waiting message is left
end
local held = redis.call('HMGET', meta, 'active', 'token', 'worker', 'next')
local next_chunk
if held[1] == message then
  next_chunk = tonumber(held[4])
else
  next_chunk = tonumber(redis.call('HGET', run, 'plain_next') or 0) -- a plain worker has begun it
end

-- The same token means the same call: its answer was lost on the way.
local again = held[1] == message and held[2] == token
if not again then
  if redis.call('HGET', run, 'status') == 'parked' then
    if held[1] ~= message then -- restored while another message had the turn
      redis.call('HSET', meta, 'active', message, 'token', '', 'worker', '', 'next', next_chunk)
    end
    return { 'PARKED', message } -- it keeps its turn while it waits for its user
  end
  if held[1] == message and held[3] ~= '' then
    -- A worker without a lease takes nothing over. When its connection to Redis is back, its delayed claims arrive
    -- before its lease: with several copies of a request, such workers would take one run from each other until it
    -- counts as poison.
    if redis.call('EXISTS', lease_prefix .. held[3]) == 1
        or redis.call('EXISTS', lease_prefix .. worker) == 0 then
      return { 'BUSY' }
    end
    redis.call('SREM', working_prefix .. held[3], session .. ':' .. message)
  end
  local tried = redis.call('HMGET', run, 'attempts', 'body')
  if tonumber(tried[1]) >= tonumber(ARGV[8]) then
    return { 'POISON', message, tried[2] }
  end
  redis.call('HSET', meta, 'active', message, 'token', token, 'worker', worker, 'next', next_chunk)
  redis.call('HINCRBY', run, 'attempts', 1)
  redis.call('HSET', run, 'status', 'running')
  redis.call('SADD', working_prefix .. worker, session .. ':' .. message)
  look_in(open, session, message, LOOK_LATER_MS)
end

local found = redis.call('HMGET', run, 'body', 'attempts', 'first', 'checkpoint', 'answers', 'incarnation')
-- The caller reads the chunks so far, page by page: reading a long answer here would block Redis. Only the caller
-- can append.
local last = next_chunk > 0 and redis.call('HGET', meta, 'n') or '0'
local answers = {}
for k = 1, tonumber(found[5] or 0) do
  answers[k] = redis.call('HGET', run, 'answer' .. k)
end
return { 'OK', message, found[1], tonumber(found[2]), next_chunk, found[3] or '0', last, found[4] or '', answers,
  found[6] or redis.call('HGET', meta, 'incarnation') or '' }
