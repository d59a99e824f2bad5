-- Hands out one clean-up that is due. Postpones its next try first, so that one worker does it, and another worker if
-- that one dies.
-- KEYS cleanups, details
-- ARGV first delay in ms, longest delay in ms, most tries
-- answers DUE left-out id session incarnation message whole(1 or 0) provider {handles} tries | GIVEN_UP and the same |
--      NONE left-out; left-out counts clean-ups that did not fit
local cleanups, details = unpack(KEYS)
local least, longest, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local left_out = tonumber(redis.call('HGET', details, 'left_out') or 0)
redis.call('HDEL', details, 'left_out')
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local id = redis.call('ZRANGEBYSCORE', cleanups, '-inf', now, 'LIMIT', 0, 1)[1]
local found = id and redis.call('HGET', details, id)
if not found then
  if id then
    redis.call('ZREM', cleanups, id) -- evicted
  end
  return { 'NONE', left_out }
end
local what = cjson.decode(found)
local answer = { 'DUE', left_out, id, what.session, what.incarnation, what.message, what.whole and 1 or 0,
  what.provider, what.handles, what.tries + 1 }
if what.tries >= most then
  redis.call('ZREM', cleanups, id)
  redis.call('HDEL', details, id)
  answer[1] = 'GIVEN_UP'
  return answer
end
redis.call('ZADD', cleanups, now + math.min(longest, least * 2 ^ what.tries), id)
what.tries = what.tries + 1
redis.call('HSET', details, id, cjson.encode(what))
return answer
