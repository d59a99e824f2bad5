-- Ends the claim of a worker that stops: the next claim gets the run at once, and the attempt does not count.
-- KEYS meta, run, open
-- ARGV session, message, token, working key prefix
-- answers 1 when the claim was the caller's, else 0
local meta, run, open = unpack(KEYS)
local session, message, token, working_prefix = unpack(ARGV)

local held = redis.call('HMGET', meta, 'active', 'token', 'worker')
if held[1] ~= message or held[2] ~= token then
  return 0
end
-- No worker has the empty id, so no lease protects the run; no token is empty, so no append succeeds.
redis.call('HSET', meta, 'token', '', 'worker', '')
if redis.call('EXISTS', run) == 1 then
  redis.call('HINCRBY', run, 'attempts', -1)
end
redis.call('SREM', working_prefix .. held[3], session .. ':' .. message)
look_in(open, session, message, LOOK_SOON_MS)
return 1
