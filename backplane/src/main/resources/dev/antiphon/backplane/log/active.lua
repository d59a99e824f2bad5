-- Records that a session might soon have an unfinished message. Called before the message is accepted, so that a reader
-- of the user's unfinished sessions finds it; the session's own keys decide whether it has one.
-- KEYS active sessions of the user
-- ARGV session, most sessions (the oldest are removed), seconds to keep all of them at least
local active = KEYS[1]
local now = redis.call('TIME')
redis.call('ZADD', active, now[1] * 1000 + math.floor(now[2] / 1000), ARGV[1])
redis.call('ZREMRANGEBYRANK', active, 0, -tonumber(ARGV[2]) - 1)
if redis.call('TTL', active) < tonumber(ARGV[3]) then
  redis.call('EXPIRE', active, ARGV[3])
end
return { 1 }
