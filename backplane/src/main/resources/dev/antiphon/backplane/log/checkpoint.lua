-- Keeps what a run has finished, so that its next attempt goes on from there, if the caller still holds the run's token.
-- The answers of its user were for the step that is finished now.
-- KEYS meta, run
-- ARGV message, token, chunks that must be in the log, checkpoint
-- answers 1 when kept, 0 when the run is another's, or the log has lost what the step has said
local meta, run = unpack(KEYS)
local message, token, chunks, checkpoint = unpack(ARGV)

local held = redis.call('HMGET', meta, 'active', 'token', 'next')
if held[1] ~= message or held[2] ~= token or redis.call('HEXISTS', run, 'body') == 0 or tonumber(held[3]) < tonumber(chunks) then
  return 0
end
redis.call('HSET', run, 'checkpoint', checkpoint, 'answers', 0)
return 1
