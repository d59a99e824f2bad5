-- Stores a run's finished steps, so that its next attempt continues from there, if the caller still holds the run's
-- token. Removes the user's answers: they were for the step that has finished now.
-- KEYS meta, run
-- ARGV message, token, chunks that must be in the log, checkpoint
-- answers 1 when stored, 0 when another attempt has the run, or the log has lost the step's chunks
local meta, run = unpack(KEYS)
local message, token, chunks, checkpoint = unpack(ARGV)

local held = redis.call('HMGET', meta, 'active', 'token', 'next')
if held[1] ~= message or held[2] ~= token or redis.call('HEXISTS', run, 'body') == 0 or tonumber(held[3]) < tonumber(chunks) then
  return 0
end
redis.call('HSET', run, 'checkpoint', checkpoint, 'answers', 0)
return 1
