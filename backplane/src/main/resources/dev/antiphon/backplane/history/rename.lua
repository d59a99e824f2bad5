-- Gives a session a new title.
-- KEYS meta, history, waiting, runs
-- ARGV user, title, run key prefix
-- answers RENAMED incarnation | UNKNOWN: the session does not exist, has no message, or belongs to another user
local meta, history, waiting, runs = unpack(KEYS)
local user, title, run_prefix = unpack(ARGV)

local owner, incarnation =
  owner_of({ meta = meta, history = history, waiting = waiting, runs = runs, run_prefix = run_prefix })
if owner ~= user then
  return { 'UNKNOWN' }
end
if redis.call('HEXISTS', history, ':title') == 1 then
  redis.call('HSET', history, ':title', title)
elseif redis.call('EXISTS', runs, history) > 0 then
  redis.call('HSET', meta, 'title', title) -- the history copies it with the first answer
else
  return { 'UNKNOWN' }
end
return { 'RENAMED', incarnation or '' }
