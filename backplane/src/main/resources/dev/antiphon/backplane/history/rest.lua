-- Removes sessions without an unfinished message from their user's active ones, unless a message was sent meanwhile or
-- within the last moment, because it might not be accepted yet.
-- KEYS active sessions of the user
-- ARGV milliseconds of a moment, then for each session: its id and the time at which it was found there
local active = KEYS[1]
local now = redis.call('TIME')
local before = now[1] * 1000 + math.floor(now[2] / 1000) - tonumber(ARGV[1])
for i = 2, #ARGV, 2 do
  local at = tonumber(redis.call('ZSCORE', active, ARGV[i]) or 'inf')
  if at == tonumber(ARGV[i + 1]) and at < before then
    redis.call('ZREM', active, ARGV[i])
  end
end
return { 1 }
