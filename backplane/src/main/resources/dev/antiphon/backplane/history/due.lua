-- Hands out sessions whose history has been behind their log for too long. Postpones the next check of each first, so
-- that only one caller acts on it.
-- KEYS sessions to settle
-- ARGV ms until the next check, most sessions
-- answers {session…}
local to_settle, again_ms, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', to_settle, '-inf', now, 'LIMIT', 0, most)
for _, session in ipairs(due) do
  redis.call('ZADD', to_settle, now + again_ms, session)
end
return due
