-- The state of one session for a user's list. Reads only.
-- KEYS meta, history, waiting, runs
-- ARGV user, run key prefix
-- answers IDLE | RUNNING | WAITING, each with the title or '', and the oldest request if there is no title or '' |
--      DELETED: it does not exist, or belongs to another user
local meta, history, waiting, runs = unpack(KEYS)
local user, run_prefix = unpack(ARGV)

local at = { meta = meta, history = history, waiting = waiting, runs = runs, run_prefix = run_prefix }
if owner_of(at) ~= user then
  return { 'DELETED', '', '' }
end
local message = redis.call('ZRANGE', waiting, 0, 0)[1]
local title = redis.call('HGET', history, ':title') or redis.call('HGET', meta, 'title')
if not message and not title and redis.call('EXISTS', runs) == 0 then
  return { 'DELETED', '', '' } -- a page that is still open might have named it again
end
local state = 'IDLE'
if message then
  state = redis.call('HGET', run_prefix .. message, 'status') == 'parked' and 'WAITING' or 'RUNNING'
end
local first = not title and (message or redis.call('ZRANGE', runs, 0, 0)[1])
return { state, title or '', first and redis.call('HGET', run_prefix .. first, 'body') or '' }
