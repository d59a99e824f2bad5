-- Accepts one message of a session: creates its run once, gives it its turn, shows it in the log.
-- KEYS meta, log, run, waiting, open, connections, runs, history, turns, erased messages
-- ARGV session, message, user, body, digest, message event up to its parent, fresh generation, most that may wait,
--      parent ('' for the session's latest message, itself for none), the database's answer about the owner, the latest
--      message and the incarnation
-- answers ACCEPTED gen n hash waiting-before {members} message-event | DUPLICATE | CONFLICT | FOREIGN | FULL | ASK
local meta, log, run, waiting, open, connections, runs, history, turns, erased = unpack(KEYS)
local session, message, user, body, digest, event_head, generation = unpack(ARGV)
local most, parent, durable, latest = tonumber(ARGV[8]), ARGV[9], ARGV[10], ARGV[11]
local at = { session = session, meta = meta, log = log, waiting = waiting, open = open, runs = runs, history = history, turns = turns,
  run_prefix = string.sub(run, 1, #run - #message), incarnation = ARGV[12] }

local admitted = admit(at, user, durable)
if admitted ~= 'OK' then
  return { admitted }
end
local known = redis.call('HMGET', run, 'status', 'digest', 'asked')
if known[1] then
  if known[2] ~= digest then
    return { 'CONFLICT' } -- also for a refused id: it has its end
  end
  if known[1] ~= 'done' and known[1] ~= 'refused' then
    begin(at, user, generation)
  end
  known = redis.call('HMGET', run, 'status', 'digest', 'asked')
  local before = redis.call('ZRANK', waiting, message)
  local entry = before and redis.call('XRANGE', log, known[3] .. '-0', known[3] .. '-0')[1]
  if not entry then
    return { 'DUPLICATE' }
  end
  -- Unfinished: the same answer as the first time, so that a caller that lost the first answer rings and publishes.
  return { 'ACCEPTED', redis.call('HGET', meta, 'gen'), tonumber(known[3]), entry[2][6], before,
    redis.call('SMEMBERS', connections), entry[2][4] }
end
if redis.call('SISMEMBER', erased, message) == 1 then
  return { 'CONFLICT' } -- a late copy must not bring back what its user deleted
end
local ends = redis.call('ZSCORE', runs, message)
-- Its run was evicted: another answer in the same log would be a duplicate.
local lost = ends and (ends == 'inf' or tonumber(ends) > tonumber(redis.call('TIME')[1]))
if lost and redis.call('HEXISTS', history, message) == 1 then
  return { 'DUPLICATE' }
end
local before = redis.call('ZCARD', waiting)
if before >= most then
  return { 'FULL' }
end
begin(at, user, generation, lost)
confirm(at, durable)
before = redis.call('ZCARD', waiting)

if parent == '' then
  parent = redis.call('HGET', meta, 'latest') or latest
elseif parent == message then
  parent = ''
end
local event = event_head .. (parent == '' and 'null' or '"' .. parent .. '"') .. '}'
local tail = log_end(meta, log)
add_entry(log, tail, 'message', event)
save_end(meta, tail)
redis.call('HSET', meta, 'latest', message)
local arrival = redis.call('HINCRBY', meta, 'arrivals', 1)
redis.call('HSET', run, 'owner', user, 'arrival', arrival, 'body', body, 'digest', digest, 'status', 'accepted', 'attempts', 0, 'asked', tail.n,
  'parent', parent, 'incarnation', redis.call('HGET', meta, 'incarnation') or '')
redis.call('ZADD', runs, '+inf', message)
redis.call('ZADD', waiting, arrival, message)
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('ZADD', open, now_ms + (before == 0 and LOOK_SOON_MS or LOOK_LATER_MS), session .. ':' .. message)
redis.call('HSETNX', meta, 'created', now_ms)
-- No key of a session expires while one of its messages is unfinished.
redis.call('PERSIST', meta)
redis.call('PERSIST', log)
redis.call('PERSIST', runs)
return { 'ACCEPTED', tail.gen, tail.n, tail.hash, before, redis.call('SMEMBERS', connections), event }
