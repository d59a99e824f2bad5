-- Keeps what a run has finished, so that its next attempt goes on from there, if the caller still holds the run's token.
-- The answers of its user were for the step that is finished now.
-- KEYS meta, run
-- ARGV message, token, checkpoint
-- answers 1 when kept, 0 when the run is another's
local meta, run = unpack(KEYS)
local message, token, checkpoint = unpack(ARGV)

local held = redis.call('HMGET', meta, 'active', 'token')
if held[1] ~= message or held[2] ~= token then
  return 0
end
redis.call('HSET', run, 'checkpoint', checkpoint, 'answers', 0)
return 1
