-- What one message of a session asked, and after which: from its run, or when that is forgotten from its turn.
-- KEYS meta, run, history
-- ARGV user, message
-- answers RUN body parent | TURN turn | UNKNOWN
local meta, run, history = unpack(KEYS)
local user, message = ARGV[1], ARGV[2]

if redis.call('HGET', meta, 'owner') ~= user then
  return { 'UNKNOWN' }
end
local found = redis.call('HMGET', run, 'body', 'parent')
if found[1] then
  return { 'RUN', found[1], found[2] or '' }
end
local turn = redis.call('HGET', history, message)
if turn then
  return { 'TURN', turn }
end
return { 'UNKNOWN' }
