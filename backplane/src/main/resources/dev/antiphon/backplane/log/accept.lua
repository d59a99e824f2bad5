-- Accepts one message of a session: creates its run once, gives it its turn, shows it in the log.
-- KEYS meta, log, run, waiting, open, connections
-- ARGV session, message, user, body, digest, message event, fresh generation,
--      deadline in ms from now, most that may wait
-- answers ACCEPTED gen n hash waiting-before {members} | DUPLICATE status | CONFLICT | FOREIGN | FULL
local meta, log, run, waiting, open, connections = unpack(KEYS)
local session, message, user, body, digest, event, generation = unpack(ARGV)
local deadline, most = tonumber(ARGV[8]), tonumber(ARGV[9])

local owner = redis.call('HGET', meta, 'owner')
if owner and owner ~= user then
  return { 'FOREIGN' }
end
local known = redis.call('HMGET', run, 'digest', 'status')
if known[1] then
  if known[1] ~= digest then
    return { 'CONFLICT' }
  end
  return { 'DUPLICATE', known[2] }
end
local before = redis.call('ZCARD', waiting)
if before >= most then
  return { 'FULL' }
end
if not owner then
  begin(meta, user, generation)
end

local tail = log_end(meta)
add_entry(log, tail, 'message', event)
save_end(meta, tail)
redis.call('HSET', run, 'body', body, 'digest', digest, 'status', 'accepted', 'attempts', 0, 'asked', tail.n)
redis.call('ZADD', waiting, redis.call('HINCRBY', meta, 'arrivals', 1), message)
local now = redis.call('TIME')
redis.call('ZADD', open, now[1] * 1000 + math.floor(now[2] / 1000) + deadline, session .. ':' .. message)
-- Nothing of a session expires while a message of it is unfinished.
redis.call('PERSIST', meta)
redis.call('PERSIST', log)
return { 'ACCEPTED', tail.gen, tail.n, tail.hash, before, redis.call('SMEMBERS', connections) }
